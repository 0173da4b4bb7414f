import type { Inventory } from "../fleet/schema";
import type { Fit } from "../models/fit";
import type { Machine } from "../node/plan";
import type { Instance } from "../services/plan";

/** One thing that takes memory or disk on a node. */
export interface BudgetItem {
    /** As people say it: `postgres-alice`, `phi3:mini (3.9 GiB at 4096 tokens)`. */
    readonly what: string;
    /** Bytes. */
    readonly bytes: number;
    /** Where the inventory asks for it. */
    readonly path: readonly (string | number)[];
}

/** What a node has of something, and what is asked of it; bytes. */
export interface Budget {
    readonly size: number;
    /** Kept for the system itself. */
    readonly reserve: number;
    readonly items: readonly BudgetItem[];
}

/** Memory that is in use at the same time, and room on the disk, which everything takes at once. */
export interface NodeBudget {
    readonly memory: Budget;
    /** Absent when nobody says what disk the node has. */
    readonly disk?: Budget;
}

/** Budgets of every machine. */
export function planBudgets(
    inventory: Inventory,
    machines: Readonly<Record<string, Machine>>,
    instances: readonly Instance[],
    fits: readonly Fit[],
): Record<string, NodeBudget> {
    void [inventory, instances, fits];
    const entries = Object.values(machines).map(({ name, memory, reserve }): [string, NodeBudget] => [
        name,
        { memory: { size: memory, reserve, items: [] } },
    ]);
    return Object.fromEntries(entries);
}
