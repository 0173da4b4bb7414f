import { createHash } from "node:crypto";

/** What a line of a node's log says; `log.py` of converge.py writes it. */
export interface Entry {
    readonly time: string;
    readonly node: string;
    readonly who: { readonly user: string; readonly key: string; readonly name: string };
    readonly verb: string;
    readonly role: string;
    readonly changed: readonly string[];
    readonly result: string;
    readonly ms: number;
    /** What was changed by hand, and was put right. */
    readonly found: readonly string[];
}

/** A line as it stands in the log. */
export interface Line {
    /** The number that it gives itself, from 1; 0 when it cannot be read. */
    readonly n: number;
    /** SHA-256 of the line before, as it says. */
    readonly prev: string;
    /** SHA-256 of its bytes, without the line feed. */
    readonly hash: string;
    readonly entry: Entry;
}

/** A log, read. */
export interface Log {
    readonly lines: readonly Line[];
    /** Something stands behind the last line feed: a line that a power cut left, or that is being written. */
    readonly torn: boolean;
    readonly bytes: number;
}

/** Reads a log. A line that makes no sense stays, as line 0. */
export function readLog(text: string): Log {
    const parts = text.split("\n");
    const rest = parts.pop() ?? "";
    return { lines: parts.map(readLine), torn: rest !== "", bytes: Buffer.byteLength(text) };
}

function readLine(text: string): Line {
    const value = parse(text);
    const { n, prev } = value;
    const readable = typeof n === "number" && Number.isInteger(n) && n > 0 && typeof prev === "string";
    return {
        n: readable ? n : 0,
        prev: readable ? prev : "",
        hash: createHash("sha256").update(text).digest("hex"),
        entry: readEntry(value),
    };
}

function readEntry(value: Fields): Entry {
    const who = fieldsOf(value["who"]);
    return {
        time: text(value["time"]),
        node: text(value["node"]),
        who: { user: text(who["user"]), key: text(who["key"]), name: text(who["name"]) },
        verb: text(value["verb"]),
        role: text(value["role"]),
        changed: texts(value["changed"]),
        result: text(value["result"]),
        ms: typeof value["ms"] === "number" ? value["ms"] : 0,
        found: texts(value["found"]),
    };
}

type Fields = Readonly<Record<string, unknown>>;

function parse(line: string): Fields {
    try {
        return fieldsOf(JSON.parse(line));
    } catch {
        return {};
    }
}

function fieldsOf(value: unknown): Fields {
    return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function texts(value: unknown): string[] {
    return Array.isArray(value) ? value.map(text) : [];
}

/** A text for a terminal: whoever can write the log must not move the cursor of whoever reads it. */
function text(value: unknown): string {
    return typeof value === "string" ? value.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?") : "";
}
