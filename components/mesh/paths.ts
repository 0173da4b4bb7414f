import { createHash } from "node:crypto";
import { groupBy } from "../fleet/group";
import type { Inventory } from "../fleet/schema";
import { behindNat } from "../node/machine";
import type { NodeEntry } from "../node/schema";

/** How one node of the mesh reaches another. */
export interface Way {
    /**
     * `lan`: directly on their LAN; `public`: at a public IPv4 address; `ipv6`: at the IPv6 addresses that both have;
     * `relayed`: through `via`; `none`: for `reason`.
     */
    readonly kind: "lan" | "public" | "ipv6" | "relayed" | "none";
    /** The public node that passes their packets on. */
    readonly via?: string;
    /** Public nodes that take over, in this order, while `via` does not answer; absent when there is none. */
    readonly standby?: readonly string[];
    readonly reason?: string;
}

/** Two nodes and the one way between them. */
export interface Path {
    /** Both ends, sorted. */
    readonly between: readonly [string, string];
    readonly way: Way;
}

/** Where a node stands. Nodes behind NAT in one location (or all in none) share a LAN. */
interface Place {
    readonly natted: boolean;
    /** Whether it has an IPv6 address on the internet. */
    readonly ipv6: boolean;
    readonly location: string;
    readonly hash: number;
}

/** Where all nodes stand, by name. */
type Places = ReadonlyMap<string, Place>;

/** How a node reaches another. */
type WaysFrom = (other: string) => Way;
/** How any node reaches another: first the one, then the other, because it is asked for every pair. */
export type Ways = (one: string) => WaysFrom;

const direct: Readonly<Record<"lan" | "public" | "ipv6", Way>> = {
    lan: { kind: "lan" },
    public: { kind: "public" },
    ipv6: { kind: "ipv6" },
};

/**
 * How any two nodes reach each other: over IPv4 where that can be, because every node has it. Two behind different NATs
 * cannot open a tunnel over it (`domain.md` §2). If both have IPv6, nothing rewrites their packets there, and each opens its
 * router's filter for the other by dialling it (RFC 6092). Else a public node relays, the same for all nodes of the two
 * LANs, chosen by highest random weight (Thaler and Ravishankar 1996) so that another public node takes over a share of the
 * pairs and leaves the rest alone. One that is offline relays only when there is no other.
 */
export function planWays({ nodes }: Pick<Inventory, "nodes">): Ways {
    return waysBetween(nodes, placesOf(nodes));
}

function waysBetween(nodes: Inventory["nodes"], places: Places): Ways {
    const relays = relaysOf(nodes, places);
    // By the locations alone: what two LANs once chose holds for all their nodes.
    const chosen = new Map<number, Way>();
    return (one) => {
        const a = places.get(one);
        return (other) => {
            const b = places.get(other);
            if (a === undefined || b === undefined) return stranger;
            if (!a.natted || !b.natted) return direct.public;
            if (a.location === b.location) return direct.lan;
            if (a.ipv6 && b.ipv6) return direct.ipv6;
            const pair = a.hash ^ b.hash;
            const known = chosen.get(pair);
            if (known !== undefined) return known;
            const way = relayBetween(pair, relays);
            chosen.set(pair, way);
            return way;
        };
    };
}

function placesOf(nodes: Inventory["nodes"]): Places {
    return new Map(Object.entries(nodes).map(([name, node]) => [name, placeOf(node)]));
}

function placeOf(node: NodeEntry): Place {
    const location = node.location ?? "";
    return { natted: behindNat(node), ipv6: node.ipv6 !== undefined, location, hash: hash(`lan ${location}`) };
}

function relaysOf(nodes: Inventory["nodes"], places: Places): Relay[] {
    const names = Object.keys(nodes).filter((name) => places.get(name)?.natted === false);
    const online = names.filter((name) => nodes[name]?.offline === undefined);
    return (online.length > 0 ? online : names).map((name) => ({ name, hash: hash(`relay ${name}`) }));
}

/**
 * The pairs of nodes with their one path, sorted; none in a fleet of one node.
 * @param wanted ways that are asked for, else all: 1,000 nodes have half a million pairs, of which hardly any is a problem
 */
export function planPaths({ nodes }: Pick<Inventory, "nodes">, wanted: (way: Way) => boolean = () => true): Path[] {
    const places = placesOf(nodes);
    const ways = waysBetween(nodes, places);
    const among = (names: readonly string[]): Path[] => pathsAmong([...names].sort(), ways, wanted);
    // What two nodes of a place find, all of it find: few pairs tell whether any is wanted.
    return among(twoOfEachPlace(places)).length === 0 ? [] : among(Object.keys(nodes));
}

function pathsAmong(names: readonly string[], ways: Ways, wanted: (way: Way) => boolean): Path[] {
    const paths: Path[] = [];
    for (const [index, one] of names.entries()) {
        const from = ways(one);
        for (const other of names.slice(index + 1)) {
            const way = from(other);
            if (wanted(way)) paths.push({ between: [one, other], way });
        }
    }
    return paths;
}

function twoOfEachPlace(places: Places): string[] {
    const alike = groupBy([...places], ([, { natted, ipv6, location }]) => `${natted} ${ipv6} ${location}`);
    return [...alike.values()].flatMap((entries) => entries.slice(0, 2).map(([name]) => name));
}

/** A way as people read it: `relayed via gematria`. */
export function describeWay({ kind, via, reason }: Way): string {
    if (kind === "relayed") return `relayed via ${via ?? ""}`;
    return kind === "none" ? `none: ${reason ?? ""}` : `direct ${directWords[kind]}`;
}

const directWords = { lan: "LAN", public: "public", ipv6: "IPv6" } as const;

const stranger: Way = { kind: "none", reason: "one of them is not in the fleet" };
const noRelay: Way = { kind: "none", reason: "both stand behind NAT, and no node has a public address to relay at" };

/** Public nodes that are kept ready to relay beside the first: a third failure at once is not planned for. */
const standbys = 2;

interface Relay {
    readonly name: string;
    readonly hash: number;
}

function relayBetween(pair: number, relays: readonly Relay[]): Way {
    const scored = relays.map((relay) => ({ name: relay.name, score: mix(pair ^ relay.hash) }));
    scored.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
    const [best, ...others] = scored.slice(0, 1 + standbys);
    if (best === undefined) return noRelay;
    const standby = others.map(({ name }) => name);
    return { kind: "relayed", via: best.name, ...(standby.length === 0 ? {} : { standby }) };
}

function hash(text: string): number {
    return createHash("sha256").update(text).digest().readInt32BE(0);
}

/** The finalizer of MurmurHash3 (Appleby, public domain): every bit of the result hangs on every bit of the input. */
function mix(value: number): number {
    let bits = value;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return (bits ^ (bits >>> 16)) >>> 0;
}
