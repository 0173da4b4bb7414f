import { count } from "../words";
import { listLimit, type PictureBundle, type PictureFacts, type PictureNode, type PictureSite } from "./facts";
import { flow, lineHeight } from "./text";

/** A rectangle; pixels from the upper left corner. */
export interface Box {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
}

/** A node in its place, with its lines. */
export interface PlacedNode {
    readonly node: PictureNode;
    readonly box: Box;
    readonly lines: readonly string[];
}

/** A place with its nodes; `about` are the lines under its name. */
export interface PlacedSite {
    readonly site: PictureSite;
    readonly box: Box;
    readonly about: readonly string[];
    readonly nodes: readonly PlacedNode[];
}

/** Everything in its place. */
export interface PictureLayout {
    readonly width: number;
    readonly height: number;
    readonly internet: Box;
    readonly sites: readonly PlacedSite[];
    /** Base line of the legend. */
    readonly legend: number;
}

const width = 1180;
const margin = 20;
const padding = 16;
const gap = 12;
/** Between two rows of places: lines run there. */
const gutter = 84;

/** Lays a fleet out: the internet on top, then public places, then those behind NAT. */
export function layOut(facts: PictureFacts): PictureLayout {
    const count = facts.sites.reduce((sum, { nodes }) => sum + nodes.length, 0);
    const nodeWidth = count > listLimit ? 160 : 240;
    const internet = { x: margin, y: 56, width: width - 2 * margin, height: 52 };
    const groups = [false, true].map((natted) => {
        const sites = facts.sites.filter((site) => site.natted === natted);
        const most = columnsFor(sites.length, nodeWidth);
        return sites.map((site) => sizeSite(site, facts.bundles, nodeWidth, most));
    });
    let y = internet.y + internet.height + 56;
    const sites: PlacedSite[] = [];
    for (const row of groups.flatMap(rowsOf)) {
        sites.push(...placeRow(row, y));
        y += Math.max(...row.map(({ box }) => box.height)) + gutter;
    }
    const legend = y - gutter + 40;
    return { width, height: legend + 20, internet, sites, legend };
}

/** Nodes side by side in each of so many places, so that these stand side by side as well: lines reach them freely. */
function columnsFor(sites: number, nodeWidth: number): number {
    const share = (width - 2 * margin - (sites - 1) * margin) / Math.max(sites, 1);
    return Math.max(1, Math.floor((share - 2 * padding + gap) / (nodeWidth + gap)));
}

/** A place at the origin, as large as its nodes need. */
function sizeSite(site: PictureSite, bundles: readonly PictureBundle[], nodeWidth: number, most: number): PlacedSite {
    const rows = Math.ceil(site.nodes.length / most);
    const columns = Math.ceil(site.nodes.length / rows);
    const inner = columns * nodeWidth + (columns - 1) * gap;
    const about = [...flow(site.about.split(", "), inner), ...flow(bundleWords(site.name, bundles), inner)];
    let y = padding + 15 + about.length * lineHeight + gap;
    const nodes: PlacedNode[] = [];
    for (let row = 0; row < rows; row++) {
        const members = site.nodes.slice(row * columns, (row + 1) * columns);
        const lines = members.map((node) => linesOf(node, nodeWidth - 24));
        const height = 36 + Math.max(...lines.map(({ length }) => length)) * lineHeight;
        members.forEach((node, column) => {
            const box = { x: padding + column * (nodeWidth + gap), y, width: nodeWidth, height };
            nodes.push({ node, box, lines: lines[column] ?? [] });
        });
        y += height + gap;
    }
    const box = { x: 0, y: 0, width: inner + 2 * padding, height: y - gap + padding };
    return { site, box, about, nodes };
}

function linesOf({ machine, items }: PictureNode, room: number): string[] {
    return [...flow(machine, room), ...flow(items, room)];
}

/** A place's tunnels in words: `10 on the LAN`, `5 to nyc3`. */
function bundleWords(site: string, bundles: readonly PictureBundle[]): string[] {
    const own = bundles.filter(({ between }) => between.includes(site));
    return own.map(({ between: [a, b], kind, pairs, via }) => {
        const other = a === site ? b : a;
        const tunnels = count(pairs, "tunnel");
        if (kind === "lan") return `${tunnels} on the LAN`;
        if (kind === "none") return `${count(pairs, "pair")} without a way to ${other}`;
        if (kind === "relayed") return `${count(pairs, "pair")} with ${other} relayed by ${via ?? ""}`;
        return other === site ? `${tunnels} among its nodes` : `${tunnels} to ${other}`;
    });
}

/** Places side by side as long as there is room. */
function rowsOf(sites: readonly PlacedSite[]): PlacedSite[][] {
    const rows: PlacedSite[][] = [];
    let taken = Infinity;
    for (const site of sites) {
        if (taken + margin + site.box.width > width - 2 * margin) {
            rows.push([site]);
            taken = site.box.width;
        } else {
            rows.at(-1)?.push(site);
            taken += margin + site.box.width;
        }
    }
    return rows;
}

/** Moves a row to its height, spread over the width, all places of it as high as the highest. */
function placeRow(row: readonly PlacedSite[], y: number): PlacedSite[] {
    const free = width - 2 * margin - row.reduce((sum, { box }) => sum + box.width, 0);
    const between = free / (row.length + 1);
    const height = Math.max(...row.map(({ box }) => box.height));
    let x = margin + between;
    return row.map((placed) => {
        const at = { x: Math.round(x), y };
        x += placed.box.width + between;
        const nodes = placed.nodes.map((node) => ({ ...node, box: moved(node.box, at) }));
        return { ...placed, box: { ...moved(placed.box, at), height }, nodes };
    });
}

function moved(box: Box, by: { readonly x: number; readonly y: number }): Box {
    return { ...box, x: box.x + by.x, y: box.y + by.y };
}
