/** Most names that one pattern may stand for. */
export const patternLimit = 10_000;

/**
 * The names that a pattern stands for, as a shell expands braces: `site-{01..37}`, `{a,b}.example`, and several of them
 * in one text, the last varying fastest. Numbers keep their leading zeros. `{name}` and other braces stay as they are.
 * @throws RangeError when they would be more than `patternLimit`
 */
export function expandPattern(pattern: string): string[] {
    const braces = /\{([^{}]*(?:\.\.|,)[^{}]*)\}/.exec(pattern);
    if (braces === null) return [pattern];
    const [before, after] = [pattern.slice(0, braces.index), pattern.slice(braces.index + braces[0].length)];
    const choices = choicesOf(braces[1] ?? "");
    if (choices === undefined) return expandPattern(after).map((rest) => before + braces[0] + rest);
    const rests = expandPattern(after);
    if (choices.length * rests.length > patternLimit) throw new RangeError(tooMany(pattern));
    return choices.flatMap((choice) => rests.map((rest) => before + choice + rest));
}

/** The names of a pattern, or why it cannot be written out. */
export function tryExpand(pattern: string): { readonly names: string[] } | { readonly wrong: string } {
    try {
        return { names: expandPattern(pattern) };
    } catch (error) {
        if (error instanceof RangeError) return { wrong: `fewer names at once: ${error.message}` };
        throw error;
    }
}

/** Whether a text stands for other names than itself. */
export function isPattern(text: string): boolean {
    return /\{[^{}]*(?:\.\.|,)[^{}]*\}/.test(text);
}

function tooMany(pattern: string): string {
    return `"${pattern}" stands for more than ${patternLimit} names`;
}

/** What stands between braces: `a,b` or `01..37` or `a..e`; nothing when it is neither. */
function choicesOf(inner: string): string[] | undefined {
    if (inner.includes(",")) return inner.split(",").map((choice) => choice.trim());
    const [, first = "", last = ""] = /^(\d{1,9}|[a-z])\.\.(\d{1,9}|[a-z])$/.exec(inner) ?? [];
    if (first === "" || /\d/.test(first) !== /\d/.test(last)) return undefined;
    const from = /\d/.test(first) ? Number(first) : first.charCodeAt(0);
    const to = /\d/.test(last) ? Number(last) : last.charCodeAt(0);
    if (to < from) return undefined;
    if (to - from >= patternLimit) throw new RangeError(tooMany(`{${inner}}`));
    const width = first.startsWith("0") || last.startsWith("0") ? Math.max(first.length, last.length) : 0;
    return Array.from({ length: to - from + 1 }, (_, step) =>
        /\d/.test(first) ? String(from + step).padStart(width, "0") : String.fromCharCode(from + step),
    );
}
