/** A line that starts a resource in the engine's diff: indent, marks, type, operation. */
const resourceLine = /^(\s*)([-+~>< ]*)([A-Za-z][\w-]*:[\w/-]+:[\w-]+): \((.*)\)\s*$/;
const detailLine = /^\s*\[(urn|id|provider)=(.*)\]\s*$/;

/**
 * Makes the engine's diff readable by node: a resource's four head lines become one with the name that people use,
 * `~ caddy on gematria (update)`, and resources that stay as they are leave. Everything inside a resource is left as the
 * engine prints it.
 */
export class DiffFilter {
    /** Head of a resource, until its name has come. */
    private head: { line: string; plain: RegExpExecArray } | undefined;

    /** Takes a line; gives the lines to show, in order. */
    push(line: string): string[] {
        const bare = stripColour(line);
        const start = resourceLine.exec(bare);
        if (start !== null) {
            this.head = { line, plain: start };
            return [];
        }
        const detail = detailLine.exec(bare);
        if (detail === null) return bare.trim() === "" ? [] : [line];
        if (detail[1] !== "urn" || this.head === undefined) return [];
        const { line: written, plain } = this.head;
        this.head = undefined;
        const [, indent = "", marks = "", type = "", operation = ""] = plain;
        if (operation === "same") return [];
        const name = detail[2]?.split("::").slice(3).join("::") ?? "";
        const kind = type === "command:remote:Command" ? "" : `  ${type}`;
        return [`${colourOf(written)}${indent}${marks}${name} (${operation})${kind}${colourEnd(written)}`];
    }
}

const colours = /\u001b\[[0-9;]*m/g;

function stripColour(line: string): string {
    return line.replaceAll(colours, "");
}

function colourOf(line: string): string {
    return /^\s*((?:\u001b\[[0-9;]*m)+)/.exec(line)?.[1] ?? "";
}

function colourEnd(line: string): string {
    return colourOf(line) === "" ? "" : "\u001b[0m";
}
