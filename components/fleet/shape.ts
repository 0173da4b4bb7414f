import type { z } from "zod";
import { didYouMean, listOf, type Problem } from "./errors";
import { inventorySchema, jsonSchema, type Inventory, type JsonSchema } from "./schema";

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
        if (round === 0) problems.push(...issues.map((issue) => toProblem(issue, value)));
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
    if (issue.code === "invalid_key") return [{ ...issue, message: issue.issues[0]?.message ?? issue.message }];
    if (issue.code === "invalid_union") {
        const inner = issue.errors.at(-1)?.map((part) => ({ ...part, path: [...issue.path, ...part.path] })) ?? [];
        return inner.some((part) => part.path.length > issue.path.length) ? inner.flatMap(unfold) : [issue];
    }
    return [issue];
}

function toProblem(issue: Issue, value: unknown): Problem {
    const path = plainPath(issue.path);
    const found = valueAt(value, path);
    if (issue.code === "unrecognized_keys") return unknownKey(path);
    if (found === undefined && issue.code !== "invalid_key") {
        return {
            code: "SE004",
            path,
            message: `"${String(path.at(-1) ?? "inventory")}" is missing.`,
            fix: expected(issue),
        };
    }
    const shown = issue.code === "invalid_key" ? JSON.stringify(path.at(-1)) : JSON.stringify(found);
    return { code: "SE003", path, message: `${shown} does not fit here.`, fix: expected(issue) };
}

function unknownKey(path: Path): Problem {
    const key = String(path.at(-1));
    const known = keysAt(path.slice(0, -1));
    const fix = didYouMean(key, known, `Known here: ${known.join(", ") || "none"}.`);
    return { code: "SE002", path, message: `"${key}" is not a known key.`, fix };
}

function expected(issue: Issue): string {
    switch (issue.code) {
        case "invalid_type":
            return `Write ${article(issue.expected)}.`;
        case "invalid_value":
            return `Write ${listOf(issue.values.map((v) => JSON.stringify(v)))}.`;
        case "too_small":
            return `Write at least ${String(issue.minimum)}.`;
        case "too_big":
            return `Write at most ${String(issue.maximum)}.`;
        case "invalid_union":
            return "Write one of the forms that the README of its concept shows.";
        default:
            return `Write ${issue.message}.`;
    }
}

function article(type: string): string {
    const words: Record<string, string> = {
        string: "a text",
        object: "a map of keys",
        record: "a map of keys",
        array: "a list",
        int: "a whole number",
    };
    return words[type] ?? `a ${type}`;
}

/** The known keys of the object at a path, read from the exported JSON Schema. */
function keysAt(path: Path): string[] {
    let schema: JsonSchema | undefined = jsonSchema();
    for (const key of path) {
        const option: JsonSchema | undefined = schema?.anyOf?.find((s) => s.type === "object") ?? schema;
        schema = option?.properties?.[String(key)] ?? option?.additionalProperties ?? undefined;
    }
    const option = schema?.anyOf?.find((s) => s.type === "object") ?? schema;
    return Object.keys(option?.properties ?? {});
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

function plainPath(path: readonly PropertyKey[]): Path {
    return path.map((key) => (typeof key === "symbol" ? String(key) : key));
}
