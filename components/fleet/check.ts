import type { Design } from "./design";
import type { Problem } from "./errors";
import type { Inventory } from "./schema";

/**
 * What a check is given: the inventory, and the names of all nodes as they are written, those with a wrong entry too
 * (a typo inside a node must not make every placement on it wrong as well).
 */
export interface Checked {
    readonly inventory: Inventory;
    /** What the inventory amounts to. */
    readonly design: Design;
    readonly stack: string;
    /** The day it is, `2026-11-21`; nothing that depends on it is looked at without one. */
    readonly today?: string;
    readonly nodeNames: readonly string[];
    /** The top-level keys as written, for the same reason. */
    readonly keys: readonly string[];
    /** The value at a path as written, before defaults, with what does not fit; undefined when nothing is there. */
    readonly written: (path: readonly (string | number)[]) => unknown;
}

/** A check across the inventory: pure, gives every problem it finds. */
export type Check = (checked: Checked) => readonly Problem[];
