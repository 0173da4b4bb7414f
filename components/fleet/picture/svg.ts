import { count } from "../words";
import type { PictureFacts } from "./facts";
import type { Box, PictureLayout, PlacedNode, PlacedSite } from "./layout";
import type { Line } from "./lines";
import { fontSize, lineHeight, textWidth, type Size } from "./text";

/** Colours of GitHub's light and dark themes (Primer primitives), so that the picture sits well in its README. */
const style = `
    .head { fill: #1f2328; font-size: ${fontSize.head}px; font-weight: 600; } .line { fill: #59636e; font-size: ${fontSize.line}px; }
    .place { fill: #f6f8fa; stroke: #d1d9e0; } .node { fill: #ffffff; stroke: #818b98; } .edge { stroke: #0969da; stroke-width: 2; }
    .off { stroke-dasharray: 5 4; } .net { fill: #ddf4ff; stroke: #54aeff; }
    path { fill: none; } .tunnel { stroke: #1a7f37; } .relay { stroke: #9a6700; stroke-dasharray: 7 5; } .nat { stroke: #cf222e; stroke-linecap: round; } .ask { stroke: #0969da; marker-end: url(#tip); }
    .tip { fill: #0969da; }
    @media (prefers-color-scheme: dark) {
      .head { fill: #f0f6fc; } .line { fill: #9198a1; } .place { fill: #151b23; stroke: #3d444d; } .node { fill: #0d1117; stroke: #656c76; }
      .edge, .ask { stroke: #4493f8; } .net { fill: #121d2f; stroke: #1f6feb; } .tunnel { stroke: #3fb950; } .relay { stroke: #d29922; } .nat { stroke: #f85149; } .tip { fill: #4493f8; }
    }
  `;

/** The picture as SVG (SVG 2; system fonts, nothing from elsewhere). */
export function renderPicture(facts: PictureFacts, layout: PictureLayout, lines: readonly Line[]): string {
    const { width, height, internet, sites } = layout;
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" role="img" aria-labelledby="title desc">`,
        `  <title id="title">The fleet ${escape(facts.fleet)}</title>`,
        `  <desc id="desc">${escape(describe(facts))}</desc>`,
        `  <style>${style}</style>`,
        `  <defs><marker id="tip" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" style="fill-opacity: 1" d="M0 0 10 5 0 10z"/></marker></defs>`,
        text("head", 24, 36, `Fleet ${facts.fleet}`),
        text("line", 24 + textWidth(`Fleet ${facts.fleet}`, "head") + 12, 36, summary(facts)),
        ...lines.map(
            ({ kind, path, thickness }) =>
                `  <path class="${kind}" stroke-width="${thickness.toFixed(1)}" d="${path}"/>`,
        ),
        rect("net", internet, 10),
        text("head", internet.x + 16, internet.y + 32, "the internet"),
        text("line", internet.x + 132, internet.y + 32, asked(facts)),
        ...sites.flatMap(siteParts),
        ...legend(layout, lines),
        "</svg>",
        "",
    ].join("\n");
}

function siteParts({ site, box, about, nodes }: PlacedSite): string[] {
    return [
        rect("place", box, 12),
        ...(site.natted
            ? [`  <path class="nat" stroke-width="5" d="M${box.x + 12} ${box.y} h${box.width - 24}"/>`]
            : []),
        text("head", box.x + 16, box.y + 29, site.name),
        ...about.map((line, index) => text("line", box.x + 16, box.y + 29 + (index + 1) * lineHeight, line)),
        ...nodes.flatMap(nodeParts),
    ];
}

function nodeParts({ node, box, lines }: PlacedNode): string[] {
    const marks = ["node", ...(node.edge ? ["edge"] : []), ...(node.offline ? ["off"] : [])];
    const state = node.offline
        ? [text("line", box.x + 12 + textWidth(node.name, "head") + 8, box.y + 24, "offline")]
        : [];
    return [
        rect(marks.join(" "), box, 8),
        text("head", box.x + 12, box.y + 24, node.name),
        ...state,
        ...lines.map((line, index) => text("line", box.x + 12, box.y + 24 + (index + 1) * lineHeight, line)),
    ];
}

/** Samples of the lines that are there, side by side. */
function legend({ legend: y, sites }: PictureLayout, lines: readonly Line[]): string[] {
    const words = {
        ask: "requests from the internet",
        tunnel: "WireGuard, direct",
        relay: "WireGuard through a relay",
        nat: "NAT: nothing comes in unasked",
    };
    const there = (kind: keyof typeof words): boolean =>
        kind === "nat" ? sites.some(({ site }) => site.natted) : lines.some((line) => line.kind === kind);
    let x = 24;
    return (["ask", "tunnel", "relay", "nat"] as const).filter(there).flatMap((kind) => {
        const start = x;
        x += 56 + textWidth(words[kind], "line") + 24;
        return [
            `  <path class="${kind}" stroke-width="2.5" d="M${start} ${y - 4} h40"/>`,
            text("line", start + 52, y, words[kind]),
        ];
    });
}

function summary({ sites }: PictureFacts): string {
    const nodes = sites.reduce((sum, site) => sum + site.nodes.length, 0);
    return `${count(nodes, "node")} in ${count(sites.length, "place")}`;
}

function asked({ names, edges }: PictureFacts): string {
    if (edges.length === 0) return "asks this fleet for nothing";
    const some =
        edges.length > 4 ? `${edges.slice(0, 3).join(", ")} and ${edges.length - 3} more` : edges.join(" and ");
    return `asks for ${count(names, "name")}, answered by ${some}`;
}

function describe(facts: PictureFacts): string {
    const places = facts.sites.map(({ name, natted, nodes }) => {
        const members = nodes.map((node) => node.name);
        return `${name} (${natted ? "behind NAT" : "public"}): ${members.slice(0, 8).join(", ")}${members.length > 8 ? " …" : ""}`;
    });
    return `${summary(facts)}. ${places.join("; ")}. The internet ${asked(facts)}.`;
}

function text(size: Size, x: number, y: number, words: string): string {
    return `  <text class="${size}" x="${x}" y="${y}">${escape(words)}</text>`;
}

function rect(kind: string, { x, y, width, height }: Box, radius: number): string {
    return `  <rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

function escape(words: string): string {
    return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
