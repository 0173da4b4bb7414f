import { checks } from "./checks";
import { InventoryError, type PlacedProblem, type Problem } from "./errors";
import type { Inventory } from "./schema";
import { parseShape } from "./shape";
import { readSource } from "./source";

/** An inventory that passed every check, and the means to say where a path of it stands. */
export interface Loaded {
    readonly inventory: Inventory;
    readonly place: (problem: Problem) => PlacedProblem;
}

/**
 * Reads an inventory: YAML, shape, checks across concepts.
 * @throws InventoryError with every problem at once, sorted by place; nothing has been contacted by then.
 */
export function loadInventory(stack: string, file: string, text: string): Loaded {
    const source = readSource(file, text);
    if (source.problems.length > 0) throw new InventoryError(source.problems);
    const shape = parseShape(source.value);
    const across = shape.inventory === undefined ? [] : crossProblems(stack, shape.inventory, source.value);
    const problems = [...shape.problems, ...across].map((problem) => source.place(problem));
    if (problems.length > 0 || shape.inventory === undefined) throw new InventoryError(sortByPlace(problems));
    return { inventory: shape.inventory, place: (problem) => source.place(problem) };
}

function crossProblems(stack: string, inventory: Inventory, value: unknown): Problem[] {
    const written = (value ?? {}) as { nodes?: Record<string, unknown> };
    const checked = { inventory, stack, nodeNames: Object.keys(written.nodes ?? {}), keys: Object.keys(written) };
    return checks.flatMap((check) => check(checked));
}

/** Sorts problems by file, line and column. */
export function sortByPlace(problems: readonly PlacedProblem[]): PlacedProblem[] {
    return [...problems].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}
