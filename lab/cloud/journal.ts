import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** A call that the API answered, or did not. */
export interface Entry {
    /** When the answer was ready (RFC 3339). */
    readonly at: string;
    readonly method: string;
    /** With the query. */
    readonly path: string;
    /** Absent when nothing was answered. */
    readonly status?: number;
    /** What was sent; the user data's length in place of the user data, which holds a private key. */
    readonly sent?: unknown;
    /** Why it was refused. */
    readonly message?: string;
    /** The fault that was at work. */
    readonly fault?: string;
    /** Why the answer, or the request, does not fit the API's official description. */
    readonly mismatch?: string;
}

/** A request's body as it may be written down. */
export function withoutSecrets(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { user_data: userData, ...rest } = body;
    return typeof userData === "string" ? { ...rest, user_data: `${Buffer.byteLength(userData)} bytes` } : body;
}

/** Appends a call. */
export function note(file: string, entry: Entry): void {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** All calls since the lab came up, the oldest first. */
export function readJournal(file: string): Entry[] {
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Entry);
}

/** The calls that were to change something. */
export function writes(entries: readonly Entry[]): Entry[] {
    return entries.filter(({ method }) => method !== "GET" && method !== "HEAD");
}
