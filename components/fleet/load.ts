import { judge, type Judged } from "./accept";
import type { Checked } from "./check";
import { checks } from "./checks";
import { datedCodes } from "../checks/names/codes";
import { isWarning } from "./codes";
import { designFleet, type Design } from "./design";
import { InventoryError, type PlacedProblem, type Problem } from "./errors";
import { expandKeys } from "./expand";
import { fillNameFiles, type ReadBeside } from "./name-files";
import type { Inventory } from "./schema";
import { isClaimed } from "../node/claims";
import { parseShape, valueAt } from "./shape";
import { reservedNames } from "./reserved";
import { readSource, type Source } from "./source";

/** An inventory that passed every check, and the means to say where a path of it stands. */
export interface Loaded {
    readonly inventory: Inventory;
    /** What it amounts to. */
    readonly design: Design;
    /** Warnings that are not accepted. */
    readonly warnings: readonly PlacedProblem[];
    /** Warnings that stand, with the reasons why. */
    readonly accepted: Judged["accepted"];
    readonly place: (problem: Problem) => PlacedProblem;
}

/** What an inventory is read with besides its own text. */
export interface Surroundings {
    /** Gives the files with names that the inventory refers to; without it there are none. */
    readonly read?: ReadBeside;
    /** The day it is, `2026-11-21`; without it nothing is looked at that depends on it. */
    readonly today?: string;
}

/**
 * Reads an inventory: YAML, shape, checks across concepts.
 * @throws InventoryError with every problem at once, sorted by place; nothing has been contacted by then.
 */
export function loadInventory(stack: string, file: string, text: string, around: Surroundings = {}): Loaded {
    const source = readSource(file, text);
    if (source.problems.length > 0) throw new InventoryError(source.problems);
    const files = fillNameFiles(source.value, around.read ?? noFile);
    const reserved = reservedNames(files.value);
    if (reserved.length > 0) throw refusal(source, reserved);
    const shape = parseShape(files.value);
    if (shape.inventory === undefined) throw refusal(source, [...files.problems, ...shape.problems]);
    const { inventory, problems: twice } = expandKeys(onlyPlaced(shape.inventory));
    const design = designFleet(inventory);
    const across = crossProblems({ stack, inventory, design, ...dayOf(around) }, source.value);
    const found = [...files.problems, ...shape.problems, ...twice, ...across];
    const dated = around.today === undefined ? datedCodes : [];
    const { problems, accepted } = judge(
        found,
        inventory,
        (key) => dated.some((code) => key.startsWith(code)) || isClaimed(key, design.machines),
    );
    if (problems.some(({ code }) => !isWarning(code))) throw refusal(source, problems);
    const place = (problem: Problem): PlacedProblem => source.place(problem);
    return { inventory, design, warnings: sortByPlace(problems.map(place)), accepted, place };
}

const noFile: ReadBeside = () => undefined;

function dayOf({ today }: Surroundings): { today?: string } {
    return today === undefined ? {} : { today };
}

/** The inventory without nodes of which nobody can say where they are: SE018 says so, and nothing should follow from it. */
function onlyPlaced(inventory: Inventory): Inventory {
    const placed = Object.entries(inventory.nodes).filter(
        ([, { address, droplet }]) => address !== undefined || droplet !== undefined,
    );
    return { ...inventory, nodes: Object.fromEntries(placed) };
}

function refusal(source: Source, problems: readonly Problem[]): InventoryError {
    return new InventoryError(sortByPlace(problems.map((problem) => source.place(problem))));
}

function crossProblems(known: Pick<Checked, "stack" | "inventory" | "design" | "today">, value: unknown): Problem[] {
    const written = (value ?? {}) as { nodes?: Record<string, unknown> };
    const nodeNames = Object.keys(written.nodes ?? {});
    const at = (path: readonly (string | number)[]): unknown => valueAt(value, path);
    const checked = { ...known, nodeNames, keys: Object.keys(written), written: at };
    return checks.flatMap((check) => check(checked));
}

/** Sorts problems by file, line and column. */
export function sortByPlace(problems: readonly PlacedProblem[]): PlacedProblem[] {
    return [...problems].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}
