import { z } from "zod";
import { domainName } from "../edge/schema";
import { patternListOf } from "./zod-patterns";

const oneName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a text can be one of the names of `each`: a DNS label, which may start with a digit. */
export function isEachName(text: string): boolean {
    return oneName.test(text);
}

const written = patternListOf(
    /^(?:[a-z0-9-]|\{[a-z0-9,. -]*\})+$/,
    "names of a-z, 0-9 and -, or a range like site-{01..37}",
).superRefine((names, context) => {
    const wrong = names.find((name) => !isEachName(name));
    if (wrong !== undefined) context.addIssue({ code: "custom", message: `names of a-z, 0-9 and -, not "${wrong}"` });
});

// What is in the file stands here before the shape is looked at (name-files.ts); what is still a file could not be read.
const fromFile = z
    .strictObject({ file: z.string().min(1).describe("Text file beside the inventory, one name a line.") })
    .transform((): string[] => []);

/** Names that `each` gives, in the order written, each a DNS label: written out, as a pattern, or in a file. */
export const eachNames = z.union([fromFile, written]);

/** A DNS label with `{name}` in place of any part. */
const part = /(?:[a-z0-9]|\{name\})(?:(?:[a-z0-9-]|\{name\})*(?:[a-z0-9]|\{name\}))?/.source;

/** A public name in which `{name}` stands for one of `each`. */
export const namePattern = z
    .string()
    .regex(new RegExp(`^${part}(?:\\.${part})+$`), { error: ({ input }) => wantedName(input), abort: true })
    .refine((text) => domainName.safeParse(text.replaceAll("{name}", "x")).success, {
        error: ({ input }) => wantedName(input),
    });

/** What to write instead of a name that cannot be one, for the mistakes that have a reason of their own. */
function wantedName(written: unknown): string {
    const text = String(written);
    if (text.includes("*"))
        return "the names one by one, with `each`: certificates come by HTTP-01, which signs for no wildcard (letsencrypt.org/docs/challenge-types)";
    if (text.includes("_")) return "- instead of _: no CA signs for a host name with _ (CA/Browser Forum, ballot SC12)";
    if (text.includes("/")) return "the name alone, without https:// and path";
    return "a lower-case DNS name like {name}.example.org";
}

/** A text with the name of one of `each` filled in. */
export function fillName(text: string, name: string): string {
    return text.replaceAll("{name}", name);
}
