import type { Inventory } from "../fleet/schema";
import type { PublicName } from "../names/plan";
import type { Instance } from "../services/plan";

/** Who may open a connection to what. */
export interface Flow {
    /** A node, `lan` (of the target's location), `mesh` (every node) or `internet`. */
    readonly from: string;
    readonly to: string;
    readonly protocol: "tcp" | "udp";
    readonly port: number;
    /** Who listens there: `caddy`, `gitea`. */
    readonly what: string;
    readonly path: readonly (string | number)[];
}

/** Every connection that the fleet needs, sorted. */
export function planFlows(inventory: Inventory, instances: readonly Instance[], names: readonly PublicName[]): Flow[] {
    void [inventory, instances, names];
    return [];
}
