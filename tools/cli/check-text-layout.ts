/** How text is laid out: its width, and marks for a terminal, which are never needed to understand it. */
export interface Layout {
    /** Columns. */
    readonly width: number;
    readonly bold: (text: string) => string;
    readonly dim: (text: string) => string;
    readonly alarm: (text: string) => string;
}

const escape = (code: number) => (text: string) => (text === "" ? "" : `\u001b[${code}m${text}\u001b[0m`);
const plain = (text: string): string => text;

/** 80 columns without colours, for files and pipes. */
export const plainLayout: Layout = { width: 80, bold: plain, dim: plain, alarm: plain };

/** The layout of a stream: as wide as the terminal, 60 to 120 columns; colours on a terminal that wants them (no-color.org). */
export function layoutOf(
    { isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number },
    env: NodeJS.ProcessEnv = process.env,
): Layout {
    if (isTTY !== true) return plainLayout;
    const width = Math.min(Math.max(columns ?? 80, 60), 120);
    const coloured = (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
    return coloured ? { width, bold: escape(1), dim: escape(2), alarm: escape(31) } : { ...plainLayout, width };
}

/** A section: its heading, what is summed up beside it, and its lines; nothing when it has none. */
export function section(heading: string, beside: string, lines: readonly string[], { bold }: Layout): string[] {
    return lines.length === 0 ? [] : ["", `${bold(heading)}${beside === "" ? "" : `  ${beside}`}`, ...lines];
}

/** A text broken between words: the first line behind `first`, the others behind at most six blanks. */
export function wrap(text: string, first: string, width: number): string[] {
    const indent = " ".repeat(Math.min(first.length, 6));
    const lines: string[] = [];
    let line = first;
    for (const word of text.split(" ")) {
        const blank = line.endsWith(" ") ? "" : " ";
        if (line.length + blank.length + word.length > width && line.trim() !== "") {
            lines.push(line.trimEnd());
            line = indent + word;
        } else line += blank + word;
    }
    return [...lines, line];
}

/**
 * A bar of so many cells: `█` what is asked for, `·` what is free, `▒` what is kept for the system. Anything asked for
 * shows, and a bar is full only when nothing is free.
 */
export function bar(used: number, reserve: number, size: number, cells = 16): string {
    const kept = size === 0 ? 0 : Math.min(cells, Math.round((reserve / size) * cells));
    const room = cells - kept;
    const exact = size === reserve ? 0 : (used / (size - reserve)) * room;
    const most = used < size - reserve ? room - 1 : room;
    const full = Math.max(0, Math.min(used > 0 ? Math.max(1, Math.round(exact)) : 0, most));
    return "█".repeat(full) + "·".repeat(room - full) + "▒".repeat(kept);
}

/** Names as people list them, as many as there is room for in so many letters, and how many more there are. */
export function fitting(names: readonly string[], room: number): string {
    let text = names[0] ?? "";
    for (const [index, name] of names.entries()) {
        if (index === 0) continue;
        const more = names.length - index;
        const longer = `${text}, ${name}`;
        const rest = more === 1 ? "" : ` and ${more - 1} more`;
        if (longer.length + rest.length > room) return `${text} and ${more} more`;
        text = longer;
    }
    return text;
}
