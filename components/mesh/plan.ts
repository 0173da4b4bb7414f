import { createHash } from "node:crypto";
import { parsePrefix, toAddress } from "../fleet/net";
import type { Inventory } from "../fleet/schema";
import { behindNat, endpointAddress } from "../node/machine";

/** One peer as a node sees it. */
export interface Peer {
    readonly name: string;
    /** What may come from and go to this peer (CIDR). */
    readonly allowedIps: string;
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
    readonly peers: readonly Peer[];
}

/** RFC 3948 §4: NAT mappings for UDP may go after 30 s; WireGuard's own advice is 25. */
const natKeepalive = 25;

/** Mesh address of every node: as written, else derived from the name alone, so that neighbours never renumber. */
export function meshAddresses(inventory: Inventory): Record<string, string> {
    const { base, length } = parsePrefix(inventory.mesh.network);
    // Without the network address, the broadcast address and one to spare for a router.
    const room = 2 ** (32 - length) - 3;
    return Object.fromEntries(
        Object.entries(inventory.nodes).map(([name, node]) => {
            const hash = createHash("sha256").update(name).digest().readUInt32BE(0);
            return [name, node.mesh ?? toAddress((base + 2 + (hash % Math.max(room, 1))) >>> 0)];
        }),
    );
}

/** Whether two nodes share a LAN: both private and in the same (or both in no) location. */
export function sameLan(inventory: Inventory, a: string, b: string): boolean {
    const [one, two] = [inventory.nodes[a], inventory.nodes[b]];
    if (one === undefined || two === undefined) return false;
    return behindNat(one) && behindNat(two) && one.location === two.location;
}

/** The nodes of the mesh, sorted; none in a fleet of one node. */
export function meshedNodes(inventory: Inventory): string[] {
    const names = Object.keys(inventory.nodes).sort();
    return names.length < 2 ? [] : names;
}

/** The mesh of a fleet; empty for a fleet of one node, which has nobody to talk to. */
export function planMesh(inventory: Inventory): Record<string, MeshNode> {
    const names = meshedNodes(inventory);
    const addresses = meshAddresses(inventory);
    const { length } = parsePrefix(inventory.mesh.network);
    return Object.fromEntries(
        names.map((name) => [
            name,
            {
                address: addresses[name] ?? "",
                prefixLength: length,
                port: inventory.mesh.port,
                peers: names.filter((peer) => peer !== name).map((peer) => planPeer(inventory, addresses, name, peer)),
            },
        ]),
    );
}

function planPeer(inventory: Inventory, addresses: Record<string, string>, name: string, peer: string): Peer {
    const self = inventory.nodes[name];
    const other = inventory.nodes[peer];
    const otherIsPublic = other !== undefined && !behindNat(other);
    const dialled = other !== undefined && (otherIsPublic || sameLan(inventory, name, peer));
    const endpoint = dialled ? endpointAddress(peer, other) : undefined;
    const natted = self !== undefined && behindNat(self);
    return {
        name: peer,
        allowedIps: `${addresses[peer] ?? ""}/32`,
        ...(endpoint === undefined ? {} : { endpoint: `${endpoint}:${inventory.mesh.port}` }),
        keepalive: natted && otherIsPublic ? natKeepalive : 0,
    };
}
