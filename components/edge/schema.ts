import { z } from "zod";
import { tryExpand } from "../fleet/patterns";
import { patternList, patternOf } from "../fleet/zod-patterns";

/** A name in the DNS with at least two labels (RFC 1123), lower case, no trailing dot. */
export const domainName = z
    .string()
    .regex(
        /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
        "a lower-case DNS name like ai.example.org",
    );

/** A name in the DNS, or a pattern of such names: `road-{a,b}.example`. */
export const domainPattern = patternOf(
    /^(?:[a-z0-9-]|\{[a-z0-9,. -]*\})+(?:\.(?:[a-z0-9-]|\{[a-z0-9,. -]*\})+)+$/,
    "a lower-case DNS name like example.org, or a pattern like road-{a,b}.example",
).refine((text) => {
    const expanded = tryExpand(text);
    return !("names" in expanded) || expanded.names.every((name) => domainName.safeParse(name).success);
}, "a lower-case DNS name like ai.example.org");

/** One node, or several in order of preference; a pattern stands for several. */
export const placement = patternList;

const email = z.string().regex(/^[^\s@"{}]+@[^\s@"{}]+$/, "an e-mail address like ops@example.org");

const acme = z
    .union([
        email,
        z.strictObject({
            email: email.describe("Contact address for certificates."),
            directory: z
                .url({ protocol: /^https$/, error: "a URL that starts with https://" })
                .regex(/^https:\/\/[^\s"{}]+$/, "a URL that starts with https://")
                .describe("ACME directory (RFC 8555); Let's Encrypt when left out."),
        }),
    ])
    .transform((value) => (typeof value === "string" ? { email: value, directory: undefined } : value));

const headerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/, "a header field name (RFC 9110)");
const headerValue = z.string().regex(/^[^"\\\r\n{}]*$/, "one line of text without quotes, backslashes and braces");

/** The public TLS edge: Caddy. */
export const edgeSchema = z.strictObject({
    at: placement.describe("Nodes that terminate TLS, each for every public name; they need public addresses."),
    acme: acme.describe("Contact address for certificates, or {email, directory}."),
    headers: z.record(headerName, headerValue).default({}).describe("Response header fields added on every site."),
    redirects: z.record(domainName, domainName).default({}).describe("Public name → public name it leads to."),
});
