import { isMap, isNode, isPair, isSeq, LineCounter, parseDocument, type Document, type Pair } from "yaml";
import type { PlacedProblem, Problem } from "./errors";
import { isPattern, tryExpand } from "./patterns";
import { syntaxProblems } from "./syntax";

/** A YAML text that remembers where every key and value stands. */
export interface Source {
    readonly file: string;
    /** The plain value; `undefined` when the text is not YAML. */
    readonly value: unknown;
    /** What is no YAML, or YAML that not every reader takes alike. */
    readonly problems: readonly PlacedProblem[];
    /** Adds the place of `problem.path` (or of its nearest parent that is there). */
    place(problem: Problem): PlacedProblem;
}

/** Reads a YAML text (YAML 1.2, no anchors needed). Never throws: what is wrong is in `problems`. */
export function readSource(file: string, text: string): Source {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const at = (offset: number): { line: number; column: number } => {
        const { line, col } = lines.linePos(offset);
        return { line: Math.max(line, 1), column: Math.max(col, 1) };
    };
    const problems = syntaxProblems(document, text).map(({ offset, message, fix }) => ({
        code: "SE001" as const,
        path: [],
        message,
        fix,
        file,
        ...at(offset),
    }));
    return {
        file,
        value: problems.length === 0 ? (document.toJS() as unknown) : undefined,
        problems,
        place: (problem) => ({ ...problem, file, ...at(offsetOf(document, problem.path)) }),
    };
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
    let node: unknown = document.contents;
    let offset = 0;
    for (const key of path) {
        const next: unknown = isMap(node)
            ? (node.items.find((item) => isPair(item) && keyOf(item) === String(key)) ??
              node.items.find((item) => isPair(item) && standsFor(keyOf(item), String(key))))
            : isSeq(node)
              ? node.items[Number(key)]
              : undefined;
        if (next === undefined) return offset;
        offset = startOf(isPair(next) ? next.key : next) ?? offset;
        node = isPair(next) ? next.value : next;
    }
    return offset;
}

function standsFor(pattern: string, name: string): boolean {
    if (!isPattern(pattern)) return false;
    const expanded = tryExpand(pattern);
    return "names" in expanded && expanded.names.includes(name);
}

function keyOf(pair: Pair): string {
    const key: unknown = isNode(pair.key) ? pair.key.toJSON() : pair.key;
    return String(key);
}

function startOf(node: unknown): number | undefined {
    return isNode(node) ? node.range?.[0] : undefined;
}
