import type { z } from "zod";
import type { Problem } from "./errors";
import { inventorySchema, type Inventory } from "./schema";
import { plainPath, toProblem } from "./shape-words";

type Issue = z.core.$ZodIssue;
type Path = (string | number)[];

/** What a look at the shape of an inventory gives. */
export interface Shape {
    readonly problems: readonly Problem[];
    /**
     * The inventory as far as it could be understood: what is wrong was left out, so that the checks across concepts
     * can go on and the author sees every problem at once. Only good for use when `problems` is empty.
     */
    readonly inventory?: Inventory;
}

/** Parses a plain value into an inventory, collecting every problem of shape. */
export function parseShape(value: unknown): Shape {
    const problems: Problem[] = [];
    let candidate: unknown = value;
    for (let round = 0; round < 8; round++) {
        const result = inventorySchema.safeParse(candidate);
        if (result.success) return { problems, inventory: result.data };
        const issues = result.error.issues.flatMap(unfold);
        if (round === 0)
            problems.push(...issues.map((issue) => toProblem(issue, valueAt(value, plainPath(issue.path)))));
        const pruned = issues.reduce<unknown>((tree, issue) => without(tree, issue, candidate), candidate);
        if (JSON.stringify(pruned) === JSON.stringify(candidate)) break;
        candidate = pruned;
    }
    return { problems };
}

/** One issue an unknown key instead of one an object; the fitting branch of a union instead of all of them. */
function unfold(issue: Issue): Issue[] {
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => ({ ...issue, keys: [key], path: [...issue.path, key] }));
    }
    if (issue.code !== "invalid_union") return [issue];
    const fitting = issue.errors.find((branch) => branch.every((part) => !wrongKind(part)));
    return fitting?.flatMap((part) => unfold({ ...part, path: [...issue.path, ...part.path] })) ?? [issue];
}

/** Whether a branch of a union was not even meant: a text where the branch is a list, or a union of such. */
function wrongKind(issue: Issue): boolean {
    if (issue.path.length > 0) return false;
    if (issue.code === "invalid_union") return issue.errors.every((branch) => branch.some(wrongKind));
    return issue.code === "invalid_type";
}

/** A value with the part an issue complains about left out. */
function without(tree: unknown, issue: Issue, whole: unknown): unknown {
    const path = plainPath(issue.path);
    // A missing key cannot be left out: the object that lacks it goes.
    const target = issue.code !== "unrecognized_keys" && valueAt(whole, path) === undefined ? path.slice(0, -1) : path;
    return remove(tree, target);
}

function remove(tree: unknown, path: Path): unknown {
    const [head, ...rest] = path;
    if (head === undefined || typeof tree !== "object" || tree === null) return tree;
    const entries = Object.entries(tree).flatMap(([key, value]: [string, unknown]): [string, unknown][] => {
        if (key !== String(head)) return [[key, value]];
        return rest.length === 0 ? [] : [[key, remove(value, rest)]];
    });
    return Array.isArray(tree) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

/** The value at a path of plain data, undefined when nothing is there. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
    return path.reduce<unknown>(
        (node, key) =>
            typeof node === "object" && node !== null ? (node as Record<string, unknown>)[String(key)] : undefined,
        value,
    );
}
