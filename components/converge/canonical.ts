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
    // Code-unit order, as Python's sort of str: only astral characters would differ, and no key of ours has any.
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
