import { createHash } from "node:crypto";

/**
 * JSON with keys sorted and no white space: equal documents give equal texts, whatever order they were built in.
 * Python's `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` gives the same.
 */
export function canonical(value: unknown): string {
    return JSON.stringify(sorted(value));
}

/** SHA-256 of the canonical JSON, in hex: the hash of a desired state in a roster. */
export function digest(value: unknown): string {
    return createHash("sha256").update(canonical(value)).digest("hex");
}

function sorted(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    const given = value as Record<string, unknown>;
    // Without a prototype, whatever the keys are called; a loop, of which Object.fromEntries takes twice the time (measured).
    const result = Object.create(null) as Record<string, unknown>;
    // Code-unit order, as Python's sort of str: only astral characters would differ, and no key of ours has any.
    for (const key of Object.keys(given).sort()) {
        if (given[key] !== undefined) result[key] = sorted(given[key]);
    }
    return result;
}
