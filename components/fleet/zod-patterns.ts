import { z } from "zod";
import { tryExpand } from "./patterns";

/** A key or value that may be a pattern (`site-{01..37}`), kept as written. */
export const pattern = z.string().superRefine((text, context) => {
    const expanded = tryExpand(text);
    if ("wrong" in expanded) context.addIssue({ code: "custom", message: expanded.wrong });
});

/** One pattern or a list of them, written out, each name once, in the order written. */
export const patternList = z.union([pattern, z.array(pattern).min(1)]).transform((written): string[] => {
    const names = (Array.isArray(written) ? written : [written]).flatMap((text) => {
        const expanded = tryExpand(text);
        return "names" in expanded ? expanded.names : [];
    });
    return [...new Set(names)];
});
