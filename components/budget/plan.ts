import { groupBy } from "../fleet/group";
import type { Inventory } from "../fleet/schema";
import { showDisk, showMemory } from "../fleet/units";
import type { Fit } from "../models/fit";
import { residentModels } from "../models/resident";
import type { Machine } from "../node/plan";
import type { Instance } from "../services/plan";
import { roleCosts } from "./roles";
import { siteItems } from "./sites";

/** One thing that takes memory or disk on a node. */
export interface BudgetItem {
    /** As people say it: `postgres-alice`, `agents (18 × 128 MiB)`, `phi3:mini, the largest of 16 in ollama`. */
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
    /** The largest first. */
    readonly items: readonly BudgetItem[];
}

/** Memory that is in use at the same time, and room on the disk, which everything takes at once. */
export interface NodeBudget {
    readonly memory: Budget;
    /** Absent when nobody says what disk the node has. */
    readonly disk?: Budget;
}

/** An item and the node it is on. */
export interface PlacedItem extends BudgetItem {
    readonly node: string;
}

/** Debian with what the roles of every node install, its logs and the versions before, bytes; an estimate. */
const systemDisk = 5e9;
/** Share of a disk that ext4 keeps for root alone (mke2fs(8), -m). */
const reservedBlocks = 0.05;

/** Budgets of every machine. */
export function planBudgets(
    inventory: Inventory,
    machines: Readonly<Record<string, Machine>>,
    instances: readonly Instance[],
    fits: readonly Fit[],
): Record<string, NodeBudget> {
    const roles = roleCosts(inventory);
    const memory = groupBy(
        [
            ...roles.map(({ memory: bytes, ...role }) => ({ ...role, bytes })),
            ...perBlock(instances, ({ memory: bytes }) => bytes, showMemory),
            ...residentModels(inventory, fits),
        ],
        ({ node }) => node,
    );
    const disk = groupBy(
        [
            ...roles.map(({ disk: bytes, ...role }) => ({ ...role, bytes })),
            ...perBlock(instances, ({ disk: bytes }) => bytes, showDisk),
            ...siteItems(inventory),
            ...fits.map((fit) => ({ node: fit.node, what: fit.model, bytes: fit.disk, path: fit.path })),
        ],
        ({ node }) => node,
    );
    const entries = Object.values(machines).map((machine): [string, NodeBudget] => [
        machine.name,
        {
            memory: { size: machine.memory, reserve: machine.reserve, items: sorted(memory.get(machine.name)) },
            ...(machine.disk === undefined
                ? {}
                : { disk: diskBudget(machine.disk.size, sorted(disk.get(machine.name))) }),
        },
    ]);
    return Object.fromEntries(entries);
}

function diskBudget(size: number, items: readonly BudgetItem[]): Budget {
    return { size, reserve: Math.min(size, systemDisk + size * reservedBlocks), items };
}

/** What a budget has left after everything that is asked of it; negative when it is too much. Bytes. */
export function left({ size, reserve, items }: Budget): number {
    return size - reserve - items.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** One item for each block of services on a node. */
function perBlock(
    instances: readonly Instance[],
    amount: (instance: Instance) => number,
    show: (bytes: number) => string,
): PlacedItem[] {
    return [...groupBy(instances, ({ node, block }) => `${node} ${block}`).values()].flatMap((group) => {
        const first = group[0];
        if (first === undefined) return [];
        const times = group.length === 1 ? "" : ` (${group.length} × ${show(amount(first))})`;
        const bytes = group.reduce((sum, instance) => sum + amount(instance), 0);
        return [{ node: first.node, what: `${first.block}${times}`, bytes, path: first.path }];
    });
}

/** Without what takes nothing, the largest first. */
function sorted(items: readonly PlacedItem[] = []): BudgetItem[] {
    return items
        .filter(({ bytes }) => bytes > 0)
        .map(({ what, bytes, path }) => ({ what, bytes, path }))
        .sort((a, b) => b.bytes - a.bytes || a.what.localeCompare(b.what));
}
