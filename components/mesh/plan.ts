import { createHash } from "node:crypto";
import { parsePrefix, toAddress } from "../fleet/net";
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
    /** Seconds between keepalives, 0 for none: only a NATed side towards a public one needs them. */
    readonly keepalive: number;
}

/** A node's end of the mesh. */
export interface MeshNode {
    readonly address: string;
    readonly prefixLength: number;
    readonly port: number;
    /** Nodes with which it has a tunnel; one that is reached through a relay has none. */
    readonly peers: readonly Peer[];
}

/** RFC 3948 §4: NAT mappings for UDP may go after 30 s; WireGuard's own advice is 25. */
const natKeepalive = 25;

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
    const all = meshedNodes(inventory).map((name) => planSeen(inventory, name, addresses[name] ?? ""));
    return Object.fromEntries(
        all.map((self) => {
            const { name } = self.waiting;
            const peers = planPeers(self, all, ways(name));
            const address = addresses[name] ?? "";
            return [name, { address, prefixLength: length, port: inventory.mesh.port, peers }];
        }),
    );
}

/** A node as peers see it: made once for each node and shared by all its peers, because a mesh of n has n² of them. */
interface Seen {
    /** By one who has to wait to be dialled. */
    readonly waiting: Peer;
    /** By one who dials it on their LAN or from a public address, and by one who dials it from behind NAT. */
    readonly fromPublic: Peer;
    readonly fromNat: Peer;
    readonly natted: boolean;
}

function planSeen({ nodes, mesh }: Inventory, name: string, address: string): Seen {
    const node = nodes[name];
    const natted = node !== undefined && behindNat(node);
    const waiting: Peer = { name, allowedIps: [`${address}/32`], keepalive: 0 };
    const endpoint = node === undefined ? "" : `${endpointAddress(name, node)}:${mesh.port}`;
    const fromPublic = { ...waiting, endpoint };
    return { waiting, fromPublic, fromNat: { ...fromPublic, keepalive: natKeepalive }, natted };
}

function planPeers(self: Seen, all: readonly Seen[], way: (other: string) => Way): Peer[] {
    const peers: Peer[] = [];
    const behind = new Map<string, string[]>();
    for (const other of all) {
        const { name, allowedIps } = other.waiting;
        if (other === self) continue;
        const { kind, via } = way(name);
        if (via !== undefined) append(behind, via, allowedIps);
        else if (kind === "lan") peers.push(other.fromPublic);
        else if (kind === "public") peers.push(seenFrom(self, other));
    }
    return behind.size === 0 ? peers : peers.map((peer) => carrying(peer, behind.get(peer.name)));
}

function append(lists: Map<string, string[]>, key: string, items: readonly string[]): void {
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [...items]);
    else list.push(...items);
}

/** A pair of which at least one is public. */
function seenFrom(self: Seen, other: Seen): Peer {
    if (other.natted) return other.waiting;
    return self.natted ? other.fromNat : other.fromPublic;
}

function carrying(peer: Peer, relayed: readonly string[] | undefined): Peer {
    return relayed === undefined ? peer : { ...peer, allowedIps: [...peer.allowedIps, ...relayed] };
}
