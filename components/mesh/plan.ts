import { createHash } from "node:crypto";
import { parsePrefix, toAddress } from "../fleet/net";
import { embed } from "../fleet/net6";
import type { Inventory } from "../fleet/schema";
import { behindNat, endpointAddress } from "../node/machine";
import { planWays, type Way } from "./paths";

/** One peer as a node sees it. */
export interface Peer {
    readonly name: string;
    /** What may come from and go to this peer (CIDR): its own address, then those of the nodes it relays to, sorted. */
    readonly allowedIps: readonly string[];
    /** Where to send the first packet; absent when the peer has to start, because it stands behind NAT. */
    readonly endpoint?: string;
    /** Seconds between keepalives, 0 for none: a node behind NAT sends them, so that its router's mapping stays and peers on
     *  its LAN learn where it is when its address there changed. */
    readonly keepalive: number;
}

/** A node's end of the mesh. */
export interface MeshNode {
    readonly address: string;
    readonly prefixLength: number;
    /** The mesh in IPv6 (CIDR), where it has one: this node's address there is `meshAddress6` of its own. */
    readonly ipv6?: string;
    readonly port: number;
    /** Largest packet inside the tunnels, in bytes: the same on every node. */
    readonly mtu: number;
    /** Nodes with which it has a tunnel; one that is reached through a relay has none. */
    readonly peers: readonly Peer[];
    /** Nodes that it reaches through relays. */
    readonly relayed: readonly Relayed[];
    /** Whether it passes on what others send each other, now or when another relay fails. */
    readonly relays: boolean;
}

/** Nodes that are reached through the same relays. */
export interface Relayed {
    /** Public nodes: the one that relays, then those that take over, in order. */
    readonly relays: readonly string[];
    /** Mesh addresses of the nodes behind it. */
    readonly addresses: readonly string[];
}

/** RFC 3948 §4: NAT mappings for UDP may go after 30 s; WireGuard's own advice is 25. */
const natKeepalive = 25;

/** What WireGuard adds to a packet at most, over IPv6, in bytes (wg-quick(8) takes the same off). */
const overhead = 80;
/** Largest packet of an Ethernet, in bytes (RFC 894): what a location carries that says nothing else. */
const ethernet = 1500;

/**
 * Largest packet inside the tunnels, in bytes. One for the whole fleet: an interface has one, a peer behind the narrowest
 * line must be able to take what any other sends, and a relay passes on whole packets.
 */
export function meshMtu({ nodes, locations }: Pick<Inventory, "nodes" | "locations">): number {
    const places = Object.values(nodes).map(({ location = "" }) => locations[location]?.mtu ?? ethernet);
    return Math.min(ethernet, ...places) - overhead;
}

/** Mesh address of every node: as written, else derived from the name alone, so that neighbours never renumber. */
export function meshAddresses(inventory: Inventory): Record<string, string> {
    const { base } = parsePrefix(inventory.mesh.network);
    const room = Math.max(derivable(inventory), 1);
    return Object.fromEntries(
        Object.entries(inventory.nodes).map(([name, node]) => {
            const hash = createHash("sha256").update(name).digest().readUInt32BE(0);
            return [name, node.mesh ?? toAddress((base + 2 + (hash % room)) >>> 0)];
        }),
    );
}

/** The address of a node in the mesh's IPv6 network (CIDR, 64 bits): it ends in the node's IPv4 one. */
export function meshAddress6(network: string, address: string): string {
    return embed(network, address);
}

/** Addresses that can be derived: all but the network address, the broadcast address and one to spare for a router. */
export function derivable({ mesh }: Pick<Inventory, "mesh">): number {
    return Math.max(2 ** (32 - parsePrefix(mesh.network).length) - 3, 0);
}

/** The nodes of the mesh, sorted; none in a fleet of one node. */
export function meshedNodes(inventory: Pick<Inventory, "nodes">): string[] {
    const names = Object.keys(inventory.nodes).sort();
    return names.length < 2 ? [] : names;
}

/** The mesh of a fleet; empty for a fleet of one node, which has nobody to talk to. */
export function planMesh(inventory: Inventory): Record<string, MeshNode> {
    const addresses = meshAddresses(inventory);
    const { length } = parsePrefix(inventory.mesh.network);
    const ways = planWays(inventory);
    const mtu = meshMtu(inventory);
    const all = meshedNodes(inventory).map((name) => planSeen(inventory, name, addresses[name] ?? ""));
    const own = all.map((self) => ({ name: self.waiting.name, ...planPeers(self, all, ways(self.waiting.name)) }));
    const relaying = new Set(own.flatMap(({ relayed }) => relayed.flatMap(({ relays }) => relays)));
    return Object.fromEntries(
        own.map(({ name, peers, relayed }) => {
            const address = addresses[name] ?? "";
            const { port, ipv6 } = inventory.mesh;
            const relays = relaying.has(name);
            const beside = ipv6 === undefined ? {} : { ipv6 };
            return [name, { address, prefixLength: length, ...beside, port, mtu, peers, relayed, relays }];
        }),
    );
}

/** A node as peers see it: made once for each node and shared by all its peers, because a mesh of n has n² of them. */
interface Seen {
    /** By one who has to wait to be dialled. */
    readonly waiting: Peer;
    /** By one who dials it from a public address, and by one who dials it from behind NAT or on their LAN. */
    readonly fromPublic: Peer;
    readonly fromNat: Peer;
    /** By one who dials it over IPv6, as it dials that one: so both filters let the other in. */
    readonly overIpv6: Peer;
    readonly natted: boolean;
    readonly address: string;
    /** The address as allowed IPs. */
    readonly cidrs: readonly string[];
}

function planSeen({ nodes, mesh }: Inventory, name: string, address: string): Seen {
    const node = nodes[name];
    const natted = node !== undefined && behindNat(node);
    const beside = mesh.ipv6 === undefined ? [] : [`${meshAddress6(mesh.ipv6, address)}/128`];
    const cidrs = [`${address}/32`, ...beside];
    const waiting: Peer = { name, allowedIps: cidrs, keepalive: 0 };
    const endpoint = node === undefined ? "" : `${endpointAddress(name, node)}:${mesh.port}`;
    const fromPublic = { ...waiting, endpoint };
    const fromNat = { ...fromPublic, keepalive: natKeepalive };
    const overIpv6 = { ...fromNat, endpoint: `[${node?.ipv6 ?? ""}]:${mesh.port}` };
    return { waiting, fromPublic, fromNat, overIpv6, natted, address, cidrs };
}

function planPeers(self: Seen, all: readonly Seen[], way: (other: string) => Way): Pick<MeshNode, "peers" | "relayed"> {
    const peers: Peer[] = [];
    const behind = new Map<Way, string[]>();
    const carried = new Map<string, string[]>();
    for (const other of all) {
        if (other === self) continue;
        const found = way(other.waiting.name);
        if (found.via !== undefined) {
            append(behind, found, other.address);
            for (const cidr of other.cidrs) append(carried, found.via, cidr);
        } else if (found.kind === "lan") peers.push(other.fromNat);
        else if (found.kind === "ipv6") peers.push(other.overIpv6);
        else if (found.kind === "public") peers.push(seenFrom(self, other));
    }
    if (behind.size === 0) return { peers, relayed: [] };
    const relayed = [...behind].map(([{ via = "", standby = [] }, addresses]) => ({
        relays: [via, ...standby],
        addresses,
    }));
    return { peers: peers.map((peer) => carrying(peer, carried.get(peer.name))), relayed };
}

function append<Key>(lists: Map<Key, string[]>, key: Key, item: string): void {
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [item]);
    else list.push(item);
}

/** A pair of which at least one is public. */
function seenFrom(self: Seen, other: Seen): Peer {
    if (other.natted) return other.waiting;
    return self.natted ? other.fromNat : other.fromPublic;
}

function carrying(peer: Peer, relayed: readonly string[] | undefined): Peer {
    return relayed === undefined ? peer : { ...peer, allowedIps: [...peer.allowedIps, ...relayed] };
}
