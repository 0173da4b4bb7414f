import type { PictureBundle, PictureFacts } from "./facts";
import type { Box, PictureLayout, PlacedSite } from "./layout";

/** A line of the picture. */
export interface Line {
    /** `tunnel`: direct; `relay`: through another place; `ask`: requests from the internet. */
    readonly kind: "tunnel" | "relay" | "ask";
    /** Path data (SVG 2, §9.3). */
    readonly path: string;
    /** Pixels. */
    readonly thickness: number;
}

interface Point {
    readonly x: number;
    readonly y: number;
}

/** Requests to the places with edges, and a bundle of tunnels between every two places that are joined. */
export function linesOf(facts: PictureFacts, { internet, sites }: PictureLayout): Line[] {
    const asked = sites.filter(({ nodes }) => nodes.some(({ node }) => node.edge));
    const asks = asked.map(({ box }): Line => {
        const x = Math.round(box.x + box.width / 2);
        return { kind: "ask", path: `M${x} ${internet.y + internet.height} V${box.y - 3}`, thickness: 2 };
    });
    const joined = facts.bundles.filter(({ between: [a, b], kind }) => a !== b && kind !== "none");
    return [...joined.flatMap((bundle) => bundleLine(bundle, joined, sites)), ...asks];
}

function bundleLine(bundle: PictureBundle, all: readonly PictureBundle[], sites: readonly PlacedSite[]): Line[] {
    const [one, other] = bundle.between.map((name) => sites.find(({ site }) => site.name === name));
    if (one === undefined || other === undefined) return [];
    const [upper, lower] = one.box.y <= other.box.y ? [one, other] : [other, one];
    const thickness = Math.min(1.5 + Math.log2(bundle.pairs) / 2, 6);
    if (bundle.kind === "relayed") {
        const relay = sites.find(({ nodes }) => nodes.some(({ node }) => node.name === bundle.via));
        if (relay === undefined) return [];
        const [from, to] = [upper, lower].map((site) => port(site, "top", bundle, all));
        const over = port(relay, "bottom", bundle, all);
        return from === undefined || to === undefined
            ? []
            : [{ kind: "relay", path: `${curve(from, over)} ${curve(over, to).replace(/^M\S+ \S+ /, "")}`, thickness }];
    }
    const side = upper.box.y === lower.box.y ? "bottom" : "top";
    return [
        {
            kind: "tunnel",
            path: curve(port(upper, "bottom", bundle, all), port(lower, side, bundle, all)),
            thickness,
        },
    ];
}

/** Where a bundle leaves a place: bundles share its edge evenly. */
function port(
    { site, box, nodes }: PlacedSite,
    side: "top" | "bottom",
    bundle: PictureBundle,
    all: readonly PictureBundle[],
): Point {
    const passes = ({ between, via }: PictureBundle): boolean =>
        between.includes(site.name) || nodes.some(({ node }) => node.name === via);
    const own = all.filter(passes);
    const share = (own.indexOf(bundle) + 1) / (own.length + 1);
    return { x: Math.round(box.x + box.width * share), y: side === "top" ? box.y : bottomOf(box) };
}

function bottomOf({ y, height }: Box): number {
    return y + height;
}

/** A curve that leaves and arrives upright. */
function curve(from: Point, to: Point): string {
    const level = from.y === to.y;
    const bend = level ? 44 : Math.round((to.y - from.y) / 2);
    const last = level ? to.y + bend : to.y - bend;
    return `M${from.x} ${from.y} C${from.x} ${from.y + bend} ${to.x} ${last} ${to.x} ${to.y}`;
}
