import type { Lock } from "./lock";
import type { Inventory } from "./schema";

/** What decides whether a node is still a machine of the fleet: the inventory says that it goes, the lock that it went. */
export interface Membership {
    readonly inventory: Inventory;
    readonly lock: Pick<Lock, "roads">;
}

/** The inventory without the nodes that leave: what roles, peers, names and secrets are planned from. */
export function staying(inventory: Inventory): Inventory {
    return { ...inventory, nodes: only(inventory.nodes, ({ leaving }) => leaving === undefined) };
}

/** Nodes that are to leave and still have their road: at the next `up` everything of ours is taken off them. Sorted. */
export function leavingNodes({ inventory, lock }: Membership): string[] {
    return Object.keys(only(inventory.nodes, ({ leaving }) => leaving === true))
        .filter((name) => lock.roads[name] !== undefined)
        .sort();
}

/**
 * Nodes whose block is only still there: gone for good, or released, which `./fleet up` notes by taking their road away.
 * Nothing is dialled for them, and the engine forgets what it knew. Sorted.
 */
export function departedNodes({ inventory, lock }: Membership): string[] {
    const { nodes } = inventory;
    const departed = only(nodes, ({ leaving }, name) => leaving === "gone" || lock.roads[name] === undefined);
    return Object.keys(only(departed, ({ leaving }) => leaving !== undefined)).sort();
}

/** Nodes that have a road and no block in the inventory: nobody said what is to become of them. Sorted. */
export function unsaidNodes({ inventory, lock }: Membership): string[] {
    return Object.keys(lock.roads)
        .filter((name) => inventory.nodes[name] === undefined)
        .sort();
}

type Nodes = Inventory["nodes"];

function only(nodes: Nodes, keep: (node: Nodes[string], name: string) => boolean): Nodes {
    return Object.fromEntries(Object.entries(nodes).filter(([name, node]) => keep(node, name)));
}
