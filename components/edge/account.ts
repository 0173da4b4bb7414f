import { credentials, storage } from "./caddyfile";

/** Let's Encrypt's directory (RFC 8555 §7.1.1), where Caddy asks when it is told no other. */
export const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";

/**
 * A node's account at its ACME CA. The key is the fleet's own: a CA revokes for the account that asked for a certificate (RFC
 * 8555 §7.6), and when the node is stolen nobody else has a key that Caddy made there.
 */
export interface Account {
    /** Name of the secret with its private key (PEM). */
    readonly secret: string;
    /** The CA's contact, an e-mail address. */
    readonly email: string;
    /** URL of the CA's directory. */
    readonly directory: string;
}

/** Name of the secret with the private key of a node's account. */
export function accountSecret(node: string): string {
    return `acme-account.${node}`;
}

/** Name of the resource that makes this key. @param generation a key of its own for each */
export function accountKeyName(node: string, generation: number): string {
    return `ACME account key of ${node}${generation === 1 ? "" : `, generation ${generation}`}`;
}

/** Whether a resource of this name makes a key, of whichever generation, for a node's account. */
export function isAccountKey(name: string, node: string): boolean {
    return name.replace(/, generation \d+$/, "") === accountKeyName(node, 1);
}

/** A node's account, with what the inventory says of the CA. */
export function planAccount(
    node: string,
    acme: { readonly email: string; readonly directory?: string | undefined },
): Account {
    return { secret: accountSecret(node), email: acme.email, directory: acme.directory ?? letsEncrypt };
}

/** Where the public certificates of a CA are that Caddy has, as a pattern of the shell. @param directory URL of its directory */
export function certificatePattern(directory: string): string {
    return `${storage}/certificates/${issuerFolder(directory)}/*/*.crt`;
}

/**
 * Text of the script that puts the account's key where Caddy looks for it, before each of its starts and reloads. CertMagic
 * registers an account that has no status; for a key that the CA knows that gives the account which is there (RFC 8555 §7.3.1).
 */
export function renderAccountScript({ secret, email, directory }: Account): string {
    const user = safe(email.replace(/(?<=.)@.*$/, ""));
    return [
        "#!/bin/sh",
        "# Caddy takes the account whose key the fleet has, and no other.",
        "set -eu",
        "umask 077",
        `key=${credentials}/${secret}`,
        `folder=${storage}/acme/${issuerFolder(directory)}/users/${safe(email)}`,
        `cmp -s "$key" "$folder/${user}.key" && exit 0`,
        'mkdir -p "$folder"',
        `echo ${quoted(JSON.stringify({ contact: [`mailto:${email}`] }))} >"$folder/${user}.json"`,
        `cp "$key" "$folder/${user}.key"`,
        "",
    ].join("\n");
}

/** CertMagic's folder of a CA (ACMEIssuer.issuerKey). */
function issuerFolder(directory: string): string {
    const [, host = "", path = ""] = /^https:\/\/([^/?#]*)([^?#]*)/.exec(directory) ?? [];
    const flat = path.replaceAll("/", "-").replace(/^-+|-+$/g, "");
    return safe(flat === "" ? host : `${host}-${flat}`);
}

/** A name as CertMagic makes it fit for a file (KeyBuilder.Safe). */
function safe(name: string): string {
    return name
        .toLowerCase()
        .replaceAll("+", "_plus_")
        .replaceAll("*", "wildcard_")
        .replaceAll(":", "-")
        .replaceAll("..", "")
        .replaceAll(/[^\w@.-]/g, "");
}

function quoted(text: string): string {
    return `'${text.replaceAll("'", "'\\''")}'`;
}
