import { z } from "zod";

/** A name in the DNS with at least two labels (RFC 1123), lower case, no trailing dot. */
export const domainName = z
    .string()
    .regex(
        /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
        "a lower-case DNS name like ai.example.org",
    );

/** One placement, or several in order of preference. */
export const placement = z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((at) => (Array.isArray(at) ? at : [at]));

const email = z.string().regex(/^[^\s@"{}]+@[^\s@"{}]+$/, "an e-mail address");

const acme = z
    .union([
        email,
        z.strictObject({
            email,
            directory: z
                .url({ protocol: /^https$/ })
                .describe("ACME directory (RFC 8555); Let's Encrypt when left out."),
        }),
    ])
    .transform((value) => (typeof value === "string" ? { email: value, directory: undefined } : value));

const headerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/, "a header field name (RFC 9110)");
const headerValue = z.string().regex(/^[^"\\\r\n{}]*$/, "one line of text without quotes, backslashes and braces");

/** The public TLS edge: Caddy. */
export const edgeSchema = z.strictObject({
    at: placement.describe("Node that terminates TLS; needs a public address."),
    acme: acme.describe("Contact address for certificates, or {email, directory}."),
    headers: z.record(headerName, headerValue).default({}).describe("Response header fields added on every site."),
});
