/** Where a verb writes. Text for people and the one JSON document of `--json` never share a stream. */
export interface Output {
    /** A line (or several) for people: standard output, or standard error when JSON was asked for. */
    say(text: string): void;
    /** A line for people about something wrong: standard error. */
    warn(text: string): void;
    /** The result for programs; written only with `--json`, and then alone on standard output. */
    result(value: unknown): void;
}

/** The output of a process. */
export function makeOutput(json: boolean): Output {
    const people = json ? process.stderr : process.stdout;
    return {
        say: (text) => void people.write(`${text}\n`),
        warn: (text) => void process.stderr.write(`${text}\n`),
        result: (value) => {
            if (json) process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
        },
    };
}

/** Rows as columns, two blanks between them; the last column is left as it is. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string {
    const widths: number[] = [];
    for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
    const line = (row: readonly string[]): string =>
        row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  ");
    return rows.map((row) => `${indent}${line(row)}`.trimEnd()).join("\n");
}

/** Bytes for people: `812 kB`, `16.3 MB`, `1.2 GB` (powers of ten, as disks are sold). */
export function formatBytes(bytes: number): string {
    if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
    return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Memory for people, as it is sold: `7.6 GiB`. */
export function formatMemory(bytes: number): string {
    return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Seconds for people, in the largest unit that counts at least two of it: `12 s`, `90 min`, `3 days`. */
export function formatAge(seconds: number): string {
    if (seconds < 120) return `${Math.round(seconds)} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
    return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}

/** Seconds with one decimal: `0.3 s`. */
export function formatSeconds(milliseconds: number): string {
    return `${(milliseconds / 1000).toFixed(1)} s`;
}
