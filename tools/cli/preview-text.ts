/** A line that starts a resource in the engine's diff: indent, marks, type, operation. */
const resourceLine = /^(\s*)([-+~>< ]*)([A-Za-z][\w-]*:[\w/-]+:[\w-]+): \((.*)\)\s*$/;
const detailLine = /^\s*\[(urn|id|provider)=(.*)\]\s*$/;
const closingLine = /^(Resources|Outputs):\s*$/;

/** Operations on a resource that is there already: what stays as it is need not be shown. */
const changes = new Set(["update", "replace"]);

/**
 * Makes the engine's diff readable by node: a resource's four head lines become one with the name that people use,
 * `~ caddy on gematria (update)`; resources that stay as they are leave, and of those that change the parts that stay.
 */
export class DiffFilter {
    private head: { readonly line: string; readonly match: RegExpExecArray } | undefined;
    private named = "";
    private body: string[] = [];
    private inResource = false;

    /** Takes a line; gives the lines that are ready to be shown, in order. */
    push(line: string): string[] {
        const bare = stripColour(line);
        const start = resourceLine.exec(bare);
        if (start !== null || closingLine.test(bare)) {
            const before = this.end();
            if (start === null) return [...before, "", line];
            this.head = { line, match: start };
            this.inResource = true;
            return before;
        }
        if (!this.inResource) return bare.trim() === "" ? [] : [line];
        const detail = detailLine.exec(bare);
        if (detail === null) this.body.push(line);
        else if (detail[1] === "urn") this.named = detail[2]?.split("::").slice(3).join("::") ?? "";
        return [];
    }

    /** Gives what is left at the end. */
    end(): string[] {
        const { head, named, body } = this;
        this.head = undefined;
        this.body = [];
        this.inResource = false;
        if (head === undefined) return body;
        const [, indent = "", marks = "", type = "", operation = ""] = head.match;
        const colour = colourOf(head.line);
        const kind = type === "command:remote:Command" ? "" : `  ${type}`;
        const title = `${colour}${indent}${marks}${named} (${operation})${kind}${colour === "" ? "" : "\u001b[0m"}`;
        const shown = operation === "same" ? [] : [title];
        return [...shown, ...(changes.has(operation) ? changedParts(body) : body.filter((line) => line.trim() !== ""))];
    }
}

/**
 * The changed parts of a structural diff with what leads to them. A changed map or list goes on with its changed entries;
 * a changed text is shown whole, as the engine cuts it; what was added or removed is shown whole.
 */
export function changedParts(lines: readonly string[]): string[] {
    const shown: string[] = [];
    for (let i = 0; i < lines.length;) {
        const { mark, column, opens } = readLine(lines[i] ?? "");
        const end = endOfEntry(lines, i, column);
        if (mark === "~" && opens) {
            shown.push(lines[i] ?? "", ...changedParts(lines.slice(i + 1, end - 1)), lines[end - 1] ?? "");
        } else if (mark !== "") {
            shown.push(...lines.slice(i, end));
        }
        i = end;
    }
    return shown;
}

interface DiffLine {
    /** `~`, `+`, `-` or nothing. */
    readonly mark: string;
    /** Where its key starts: a mark takes the two columns before it. */
    readonly column: number;
    /** Whether a map or list starts here, to be closed at the same column. */
    readonly opens: boolean;
}

function readLine(line: string): DiffLine {
    const bare = stripColour(line);
    const match = /^(\s*)(?:([~+-]) )?/.exec(bare);
    const mark = match?.[2] ?? "";
    return { mark, column: (match?.[1] ?? "").length + (mark === "" ? 0 : 2), opens: /[{[]$/.test(bare) };
}

/** Index after an entry: the deeper lines that follow it, and the bracket that closes it. */
function endOfEntry(lines: readonly string[], start: number, column: number): number {
    let i = start + 1;
    while (i < lines.length && isDeeper(lines[i] ?? "", column)) i++;
    const closes = /^\s*[}\]]/.test(stripColour(lines[i] ?? "")) && readLine(lines[i] ?? "").column === column;
    return i < lines.length && closes ? i + 1 : i;
}

function isDeeper(line: string, column: number): boolean {
    const bare = stripColour(line);
    return bare.trim() === "" || bare.length - bare.replace(/^ +/, "").length > column;
}

function stripColour(line: string): string {
    return line.replaceAll(/\u001b\[[0-9;]*m/g, "");
}

function colourOf(line: string): string {
    return /^\s*((?:\u001b\[[0-9;]*m)+)/.exec(line)?.[1] ?? "";
}
