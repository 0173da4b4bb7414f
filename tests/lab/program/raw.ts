import type { Role } from "../../../components/converge/schema";
import type { NodePlan } from "../../../components/fleet/plan";

/** A node as a test wants it: what the inventory, the lock and the planner would have said. */
export interface RawNode {
    /** Address and TCP port of its sshd. */
    readonly address: string;
    readonly port: number;
    readonly user: string;
    /** Pinned host key, `ssh-ed25519 AAAA…`. */
    readonly hostKey: string;
    /** Loopback port of the road to it. */
    readonly road: number;
    readonly roles: Readonly<Record<string, Role>>;
    /** 1 unless said otherwise. */
    readonly incarnation?: number;
    readonly leaving?: boolean;
    readonly secrets?: Readonly<Record<string, { readonly generation: number; readonly value: string }>>;
    /** Public WireGuard keys, and addresses, by node. */
    readonly wireguard?: Readonly<Record<string, string>>;
    readonly addresses?: Readonly<Record<string, string>>;
}

/** A fleet of raw nodes. */
export interface RawFleet {
    readonly nodes: Readonly<Record<string, RawNode>>;
}

/** Name of the fleet that every raw node belongs to. */
export const rawFleet = "raw";

/** The environment variable with the path of the file that describes the fleet, as JSON. */
export const rawVariable = "SOVEREIGN_EDGE_RAW";

/** The plan that the planner would have made of such a node. */
export function planOf(name: string, node: RawNode): NodePlan {
    const { address, port, user, hostKey, road, incarnation = 1, leaving = false } = node;
    const header = { version: 1 as const, fleet: rawFleet, node: name, incarnation };
    const roles = Object.entries(node.roles).sort(([a], [b]) => (a < b ? -1 : 1));
    return {
        fleet: rawFleet,
        name,
        address,
        port,
        user,
        road,
        hostKey,
        hostKeyPlace: `raw.json:${name}`,
        incarnation,
        leaving,
        roles: Object.fromEntries(roles.map(([role, body]) => [role, { ...header, role, ...body }])),
        secrets: Object.keys(node.secrets ?? {}).sort(),
    };
}
