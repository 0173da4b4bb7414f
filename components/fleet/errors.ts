import { isWarning, type Code } from "./codes";
import { count } from "./words";

/** One thing that is wrong with what the operator wrote, said in three lines: where, what, what to write instead. */
export interface Problem {
    /** Stable code, `SE` and three digits; listed in `docs/errors.md`. */
    readonly code: Code;
    /** Path of keys from the top of the inventory, for example `["nodes", "alice", "address"]`. */
    readonly path: readonly (string | number)[];
    /** What is wrong, with the offending value. */
    readonly message: string;
    /** What to write instead. */
    readonly fix: string;
}

/** A problem with its place in a file; `line` and `column` count from 1. */
export interface PlacedProblem extends Problem {
    readonly file: string;
    readonly line: number;
    readonly column: number;
}

/** Thrown when an inventory is refused; carries every problem at once, warnings too. */
export class InventoryError extends Error {
    constructor(readonly problems: readonly PlacedProblem[]) {
        super(formatProblems(problems));
        this.name = "InventoryError";
    }
}

/** Writes a path of keys as people read it: `nodes.alice.address`; nothing for the whole file. */
export function formatPath(path: readonly (string | number)[]): string {
    return path
        .join(".")
        .replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** All problems for a person, three lines each, and a closing line. */
export function formatProblems(problems: readonly PlacedProblem[]): string {
    const blocks = problems.map((p) => {
        const code = `${p.code}${isWarning(p.code) ? " warning" : ""}`;
        const head = [`${p.file}:${p.line}:${p.column}`, code, formatPath(p.path)].filter((part) => part !== "");
        return `${head.join("  ")}\n    ${p.message}\n    ${p.fix}`;
    });
    return [...blocks, `${countProblems(problems)}. No node was contacted.`].join("\n");
}

/** `3 errors, 1 warning`. */
export function countProblems(problems: readonly Problem[]): string {
    const warnings = problems.filter(({ code }) => isWarning(code)).length;
    const counts = { error: problems.length - warnings, warning: warnings };
    return Object.entries(counts)
        .filter(([, amount]) => amount > 0)
        .map(([word, amount]) => count(amount, word))
        .join(", ");
}

/**
 * The candidate nearest to what was written (Damerau's optimal string alignment distance), or nothing when none is near:
 * more than a third of the letters would have to change.
 */
export function nearest(written: string, candidates: readonly string[]): string | undefined {
    const scored = candidates.map((candidate) => ({ candidate, distance: editDistance(written, candidate) }));
    scored.sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate));
    const best = scored[0];
    return best !== undefined && best.distance <= Math.max(1, Math.floor(written.length / 3))
        ? best.candidate
        : undefined;
}

/** The nearest candidate as a question, or `otherwise` when none is near. */
export function didYouMean(written: string, candidates: readonly string[], otherwise: string): string {
    const near = nearest(written, candidates);
    return near === undefined ? otherwise : `Did you mean "${near}"?`;
}

/** `a, b or c`, or `nothing` when the list is empty. */
export function listOf(names: readonly string[]): string {
    if (names.length === 0) return "nothing";
    return names.length === 1 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
}

function editDistance(a: string, b: string): number {
    const rows = Array.from({ length: a.length + 1 }, (_, i) =>
        Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
    );
    const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
    for (let i = 1; i <= a.length; i++) {
        for (let j = 1; j <= b.length; j++) {
            const cost = a[i - 1] === b[j - 1] ? 0 : 1;
            let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost);
            if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
                best = Math.min(best, at(i - 2, j - 2) + 1);
            const row = rows[i];
            if (row !== undefined) row[j] = best;
        }
    }
    return at(a.length, b.length);
}
