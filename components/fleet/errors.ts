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

/** Every code with the rule it stands for. Codes are never reused. */
export const codes = {
    SE001: "The file is readable YAML.",
    SE002: "Only known keys are used.",
    SE003: "Every value has the form its key asks for.",
    SE004: "Required keys are there.",
    SE005: "`fleet` equals the stack's name, so that no `up` runs against the wrong fleet.",
    SE006: "A fleet has at least one node.",
    SE010: "No two nodes share an address.",
    SE011: "No two nodes share a mesh address, and each lies inside the mesh network.",
    SE012: "A placement names a node that exists.",
    SE013: "A location that is named is declared.",
    SE014: "Hardware is a profile we know.",
    SE015: "Every pair of nodes can reach each other: one of them is public or both share a location.",
    SE016: "A private address lies inside the LAN of its location.",
    SE017: "Nothing is placed on a node that leaves.",
    SE020: "A public name lies inside one of the domains.",
    SE021: "A public name needs an edge, a nameserver and domains.",
    SE022: "A public service stands on a node with a public address.",
    SE023: "There is one edge in this version.",
    SE030: "A model that is served is in the model catalogue.",
    SE031: "A model is served by a node that has an engine for it.",
    SE032: "One gateway serves one model in this version.",
    SE033: "Gateway keys are plain names.",
    SE040: "Every artifact has a locked hash.",
    SE041: "Every node has a pinned host key.",
    SE042: "Every node has a road (a loopback port).",
    SE043: "A secret that the inventory asks the operator for was set.",
    SE044: "A node with a road is in the inventory: no machine is forgotten with its roles left running on it.",
} as const;

/** A code of the list above. */
export type Code = keyof typeof codes;

/** Thrown when an inventory is refused; carries every problem at once. */
export class InventoryError extends Error {
    constructor(readonly problems: readonly PlacedProblem[]) {
        super(formatProblems(problems));
        this.name = "InventoryError";
    }
}

/** Writes a path of keys as people read it: `nodes.alice.address`. */
export function formatPath(path: readonly (string | number)[]): string {
    return path.length === 0 ? "(top)" : path.join(".");
}

/** All problems for a person, three lines each, and a closing line. */
export function formatProblems(problems: readonly PlacedProblem[]): string {
    const blocks = problems.map(
        (p) => `${p.file}:${p.line}:${p.column}  ${p.code}  ${formatPath(p.path)}\n    ${p.message}\n    ${p.fix}`,
    );
    const count = `${problems.length} ${problems.length === 1 ? "error" : "errors"}`;
    return [...blocks, `${count}. No node was contacted.`].join("\n");
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
