import { planPaths } from "../../mesh/paths";
import { groupBy } from "../group";
import { staying } from "../leaving";
import { showDisk, showMemory } from "../units";
import { count } from "../words";
import type { Design } from "../design";
import type { Inventory } from "../schema";

/** A node as the picture shows it. */
export interface PictureNode {
    readonly name: string;
    /** What it is and where it is reached: `pi5-8gb`, `SD 128 GB`, `192.168.4.49`; of many nodes the first alone. */
    readonly machine: readonly string[];
    /** What stands on it, in words. */
    readonly items: readonly string[];
    readonly edge: boolean;
    readonly offline: boolean;
}

/** A place: nodes that stand together. */
export interface PictureSite {
    readonly name: string;
    /** Behind NAT, or reached from everywhere. */
    readonly natted: boolean;
    /** `192.168.4.0/24, behind NAT, 15 Mbit/s up`. */
    readonly about: string;
    readonly nodes: readonly PictureNode[];
}

/** What joins two places, or the nodes of one. */
export interface PictureBundle {
    readonly between: readonly [string, string];
    readonly kind: "lan" | "public" | "relayed" | "none";
    readonly pairs: number;
    readonly via?: string;
}

/** What is drawn of a fleet. */
export interface PictureFacts {
    readonly fleet: string;
    readonly sites: readonly PictureSite[];
    readonly bundles: readonly PictureBundle[];
    /** How many names the internet asks for, and which nodes answer. */
    readonly names: number;
    readonly edges: readonly string[];
}

/** Above so many nodes what stands on them is counted, not listed. */
export const listLimit = 12;

/** What is drawn of a fleet, places behind NAT first, everything sorted. */
export function pictureFacts(inventory: Inventory, design: Design): PictureFacts {
    const names = Object.keys(design.machines).sort(byNumber);
    const siteOf = (name: string): string => design.machines[name]?.site ?? name;
    const edges = (inventory.edge?.at ?? []).filter((name) => names.includes(name));
    const sites = [...groupBy(names, siteOf)].map(([site, members]): PictureSite => {
        const natted = members.some((name) => design.machines[name]?.behindNat === true);
        const nodes = members.map((name) => pictureNode(name, inventory, design, names.length));
        return { name: site, natted, about: aboutSite(site, natted, inventory, members), nodes };
    });
    const order = (site: PictureSite): string => `${site.natted ? 0 : 1}${site.name}`;
    return {
        fleet: inventory.fleet,
        sites: sites.sort((a, b) => (order(a) < order(b) ? -1 : 1)),
        bundles: bundlesOf(inventory, siteOf),
        names: design.names.length,
        edges,
    };
}

/** `node-2` before `node-10`. */
function byNumber(a: string, b: string): number {
    return a.localeCompare(b, "en", { numeric: true });
}

function aboutSite(site: string, natted: boolean, { locations, nodes }: Inventory, members: readonly string[]): string {
    const { lan, uplink } = locations[site] ?? {};
    const region = members.some((name) => nodes[name]?.region === site);
    const words = [
        ...(lan === undefined ? [] : [lan]),
        ...(natted ? ["behind NAT"] : [region ? "DigitalOcean region" : "public address"]),
        ...(uplink === undefined ? [] : [`${uplink / 1e6} Mbit/s up`]),
    ];
    return words.join(", ");
}

function pictureNode(name: string, inventory: Inventory, design: Design, count: number): PictureNode {
    const node = inventory.nodes[name];
    const machine = design.machines[name];
    const parts = [
        ...(machine === undefined
            ? []
            : [machine.profile, ...(machine.disk === undefined ? [] : [diskWords(machine.disk)])]),
        ...(node?.npu === undefined ? [] : [node.npu]),
        ...(node?.address === undefined ? [] : [node.address]),
    ];
    return {
        name,
        machine: count > listLimit ? parts.slice(0, 1) : parts,
        items: count > listLimit ? countedItems(name, inventory, design) : listedItems(name, inventory, design),
        edge: inventory.edge?.at.includes(name) ?? false,
        offline: node?.offline !== undefined,
    };
}

function diskWords({ kind, size }: { readonly kind: string; readonly size: number }): string {
    return `${kind.toUpperCase().replace("USB-SSD", "USB SSD")} ${showDisk(size)}`;
}

function ownRoles(name: string, { edge, dns }: Inventory): string[] {
    return [
        ...(edge?.at.includes(name) === true ? ["Caddy, the TLS edge"] : []),
        ...(dns?.primary === name ? ["DNS primary"] : []),
        ...(dns?.secondaries?.includes(name) === true ? ["DNS secondary"] : []),
    ];
}

function listedItems(name: string, inventory: Inventory, design: Design): string[] {
    const blocks = groupBy(
        design.instances.filter(({ node }) => node === name),
        ({ block }) => block,
    );
    const models = design.fits.filter(({ node }) => node === name).map(({ model }) => model);
    const sites = Object.entries(inventory.websites).filter(([, { at }]) => at.includes(name));
    return [
        ...ownRoles(name, inventory),
        ...models.slice(0, models.length > 4 ? 3 : 4),
        ...(models.length > 4 ? [`${models.length - 3} more models`] : []),
        ...[...blocks].map(([block, { length }]) => (length === 1 ? block : `${block} ×${length}`)),
        ...sites.map(([block, { each }]) => (each === undefined ? block : `${block} ×${each.length}`)),
    ];
}

function countedItems(name: string, inventory: Inventory, design: Design): string[] {
    const services = design.instances.filter(({ node }) => node === name).length;
    const models = design.fits.filter(({ node }) => node === name).length;
    const words = (amount: number, one: string): string[] => (amount === 0 ? [] : [count(amount, one)]);
    const used = design.budgets[name]?.memory.items.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
    return [
        ...ownRoles(name, inventory).map((role) => role.replace(", the TLS edge", "")),
        ...words(models, "model"),
        ...words(services, "service"),
        ...(used === 0 ? [] : [showMemory(used)]),
    ];
}

function bundlesOf(inventory: Inventory, siteOf: (name: string) => string): PictureBundle[] {
    const groups = groupBy(planPaths(staying(inventory)), ({ between, way: { kind, via = "" } }) =>
        [...between.map(siteOf).sort(), kind, via].join("\n"),
    );
    return [...groups]
        .map(([key, { length: pairs }]): PictureBundle => {
            const [a = "", b = "", kind = "", via = ""] = key.split("\n");
            const known = { between: [a, b] as const, kind: kind as PictureBundle["kind"], pairs };
            return via === "" ? known : { ...known, via };
        })
        .sort((a, b) => (a.between.join(" ") + a.kind < b.between.join(" ") + b.kind ? -1 : 1));
}
