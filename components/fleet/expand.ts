import type { Problem } from "./errors";
import { expandPattern } from "./patterns";
import type { Inventory } from "./schema";

/** An inventory in which no key is a pattern any more, and what was wrong with the patterns. */
export interface Expanded {
    readonly inventory: Inventory;
    readonly problems: readonly Problem[];
}

/** Writes out the patterns among the keys of `domains` and `models.serve`. */
export function expandKeys(inventory: Inventory): Expanded {
    const domains = expandRecord(inventory.domains, ["domains"]);
    const { models } = inventory;
    if (models === undefined) {
        return { inventory: { ...inventory, domains: domains.record }, problems: domains.problems };
    }
    const serve = expandRecord(models.serve, ["models", "serve"]);
    return {
        inventory: { ...inventory, domains: domains.record, models: { ...models, serve: serve.record } },
        problems: [...domains.problems, ...serve.problems],
    };
}

function expandRecord<T>(
    written: Readonly<Record<string, T>>,
    path: readonly string[],
): { record: Record<string, T>; problems: Problem[] } {
    const origin = new Map<string, string>();
    const problems: Problem[] = [];
    const entries = Object.entries(written).flatMap(([pattern, value]) =>
        expandPattern(pattern).map((name): [string, T] => {
            const other = origin.get(name);
            if (other !== undefined) problems.push(twice(name, pattern, other, path));
            else origin.set(name, pattern);
            return [name, value];
        }),
    );
    return { record: Object.fromEntries(entries), problems };
}

function twice(name: string, pattern: string, other: string, path: readonly string[]): Problem {
    return {
        code: "SE007",
        path: [...path, pattern],
        message: `"${name}" is named by "${other}" already.`,
        fix: "Let each name be in one pattern only.",
    };
}
