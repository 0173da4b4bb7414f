import type { Inventory } from "../fleet/schema";

/** One service on one node: a block is one, or one for each of its names. */
export interface Instance {
    /** Key of its block under `services`. */
    readonly block: string;
    readonly type: string;
    /** Name of its own: that of the block, or `BLOCK-NAME`. */
    readonly name: string;
    readonly node: string;
    /** Working memory it is given, bytes. */
    readonly memory: number;
    /** Room on the disk it is given, bytes. */
    readonly disk: number;
}

/** Every service on every node. */
export function planInstances(inventory: Inventory): Instance[] {
    void inventory;
    return [];
}
