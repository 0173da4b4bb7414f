import { z } from "zod";
import { domainName } from "../edge/schema";
import { patternList } from "./zod-patterns";

const oneName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that `each` gives: written out, in the order written, each a DNS label. */
export const eachNames = patternList.superRefine((names, context) => {
    const wrong = names.find((name) => !oneName.test(name));
    if (wrong !== undefined) context.addIssue({ code: "custom", message: `names of a-z, 0-9 and -, not "${wrong}"` });
});

/** A public name in which `{name}` stands for one of `each`. */
export const namePattern = z
    .string()
    .refine(
        (text) => domainName.safeParse(text.replaceAll("{name}", "x")).success,
        "a DNS name like {name}.example.org",
    );

/** A text with the name of one of `each` filled in. */
export function fillName(text: string, name: string): string {
    return text.replaceAll("{name}", name);
}
