/** Longest part of a value that is shown. */
const limit = 60;

/** Beginnings of keys and tokens that their makers document, and PEM blocks (RFC 7468). */
const knownSecrets =
    /-----BEGIN|^(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk-[A-Za-z0-9]|dop_v1_|doo_v1_|hf_|nsec1|AGE-SECRET-KEY-|tskey-|AKIA)|^\d{8,10}:[\w-]{30,}$/;

/** 32 and more characters of base64 or hex without a break: keys, tokens, hashes. */
const random = /^(?:(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_-]{32,}={0,2}|[0-9a-f]{32,})$/;

const publicKey = /^(?:sk-)?(?:ssh|ecdsa)-\S+ AAAA/;

/** Whether a text looks like a private key or a token, which must not be printed. */
export function looksSecret(text: string): boolean {
    return !publicKey.test(text) && text.split(/\s+/).some((word) => knownSecrets.test(word) || random.test(word));
}

/** A value as messages show it: short, on one line, and never a secret. */
export function show(value: unknown): string {
    if (value === null || value === undefined) return "nothing";
    if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
    if (typeof value === "object") {
        const keys = Object.keys(value);
        if (keys.length === 0) return "an empty map";
        return keys.some(looksSecret) ? "a map" : `a map (${cut(keys.join(", "))})`;
    }
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (typeof value !== "string") return "something that is no text";
    return looksSecret(value) ? "what looks like a secret (not shown)" : cut(JSON.stringify(value));
}

function cut(text: string): string {
    return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length} characters)`;
}
