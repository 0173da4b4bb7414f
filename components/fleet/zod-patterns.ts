import { z } from "zod";
import { tryExpand } from "./patterns";

/** A key or value that may be a pattern (`site-{01..37}`), kept as written; `form` is what it may be written with. */
export function patternOf(form: RegExp, words: string) {
    return z
        .string()
        .regex(form, words)
        .superRefine((text, context) => {
            const expanded = tryExpand(text);
            if ("wrong" in expanded) context.addIssue({ code: "custom", message: expanded.wrong });
        });
}

/** One pattern or a list of them, written out, each name once, in the order written. */
export function patternListOf(form: RegExp, words: string) {
    const one = patternOf(form, words);
    return z.union([one, z.array(one).min(1)]).transform((written): string[] => {
        const names = (Array.isArray(written) ? written : [written]).flatMap((text) => {
            const expanded = tryExpand(text);
            return "names" in expanded ? expanded.names : [];
        });
        return [...new Set(names)];
    });
}

/** Any text on one line, with braces for patterns. */
export const pattern = patternOf(/^\S.*$/, "a name or a pattern like site-{01..37}");

/** Such a text or a list of them. */
export const patternList = patternListOf(/^\S.*$/, "a name or a pattern like site-{01..37}");
