/** Size of a text in a picture: `head` for names, `line` for all else; in pixels. */
export type Size = "head" | "line";

/** Pixels. */
export const fontSize: Readonly<Record<Size, number>> = { head: 15, line: 12 };
/** Distance of two base lines, in pixels. */
export const lineHeight = 17;

/**
 * Most that a text takes in pixels: 0.62 of the size a letter, which is more than system fonts need for lower case and
 * digits (measured on DejaVu Sans, the widest of them).
 */
export function textWidth(text: string, size: Size): number {
    return Math.ceil(text.length * fontSize[size] * 0.62);
}

/** A text cut to so many pixels, with an ellipsis where something was cut. */
export function cutText(text: string, size: Size, width: number): string {
    const letters = Math.floor(width / (fontSize[size] * 0.62));
    return text.length <= letters ? text : `${text.slice(0, Math.max(letters - 1, 0)).trimEnd()}…`;
}

/** Items as lines of at most so many pixels, separated by ` · `; an item that is too long is cut. */
export function flow(items: readonly string[], width: number): string[] {
    const lines: string[] = [];
    for (const item of items) {
        const whole = cutText(item, "line", width);
        const last = lines.at(-1);
        const joined = last === undefined ? whole : `${last} · ${whole}`;
        if (last !== undefined && textWidth(joined, "line") <= width) lines[lines.length - 1] = joined;
        else lines.push(whole);
    }
    return lines;
}
