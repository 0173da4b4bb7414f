import type { Inventory } from "../fleet/schema";
import type { Machine } from "../node/plan";
import type { EngineName } from "./schema";

/** How a model fits a node that serves it. All sizes in bytes. */
export interface Fit {
    readonly model: string;
    readonly node: string;
    readonly engine: EngineName;
    readonly weights: number;
    /** KV cache of all requests at once. */
    readonly cache: number;
    /** Graph and run-time of the engine. */
    readonly overhead: number;
    /** Room on the disk. */
    readonly disk: number;
    /** Most tokens a second that the node's memory can feed. */
    readonly roof: number;
    /** `2.0 GB weights + 112 KiB × 4096 tokens + 0.6 GiB = 2.9 GiB`. */
    readonly arithmetic: string;
    readonly path: readonly (string | number)[];
}

/** The fit of every model on every node that serves it, where both are known. */
export function planFits(inventory: Inventory, machines: Readonly<Record<string, Machine>>): Fit[] {
    void [inventory, machines];
    return [];
}
