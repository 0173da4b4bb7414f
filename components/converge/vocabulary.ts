import { z } from "zod";

// Patterns are written so that ECMAScript and Python read them alike: no \d, \s or \w, no flags, anchored at both ends.

const r = String.raw;
const kernels = "/(?:proc|sys|dev)(?:/|$)";
const own = "/(?:usr/local/lib|var/lib|var/log|run)/sovereign-edge(?:/|$)";
const recovery = r`/etc/systemd/system/sovereign-edge-recover\.service(?:\.d)?(?:/|$)`;
const parts = r`(?:/(?!\.{1,2}(?:/|$))(?!\.sovereign-edge\.)[ -.0-~]{1,200})+`;
const anyParts = r`(?:/(?!\.{1,2}(?:/|$))[ -.0-~]{1,200})+`;
const port = "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const account = "[a-z_][a-z0-9_-]{0,31}";
const ownerPart = "(?:[a-z_][a-z0-9_.-]{0,31}|[0-9]{1,9})";
const ownUnits = "sovereign-edge-(?:recover|revert|job|run|apply|finish|release)[.-]";
const unitTypes = "(?:service|socket|timer|path|mount|automount|swap|target|slice)";
const registry = r`(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::${port})?|[a-z0-9-]+:${port}|localhost)`;
const name = "[a-z0-9][a-z0-9.-]{0,99}";
/** What a reference may be; a secret's name has to be one of the role's own, which no pattern can say. */
const reference = r`(?:secret:[^{}]*|(?:wireguard|address):${name})\}\}`;

/** A text that a pattern describes. `what` ends the sentence "it has to be …"; `limit` is in characters. */
function text(id: string, pattern: string, what: string, limit?: number): z.ZodString {
    const whole = z.string().regex(new RegExp(`^(?:${pattern})$`), what);
    const description = `${what.charAt(0).toUpperCase()}${what.slice(1)}.`;
    return (limit === undefined ? whole : whole.max(limit)).meta({ id, description });
}

/** The words that the documents for a node are made of. */
export const is = {
    name: text("name", name, "a name of lower-case letters, digits, dots and dashes"),
    secretName: text("secretName", "[A-Za-z0-9][A-Za-z0-9._:@-]{0,199}", "the name of a secret"),
    path: text(
        "path",
        `(?!${kernels})(?!${own})(?!${recovery})${parts}`,
        "an absolute path in printable ASCII without '.', '..' or empty parts, not of the kernel's or of converge.py's own",
        1024,
    ),
    place: text("place", `/|${anyParts}`, "an absolute path in printable ASCII, `/` included", 1024),
    owner: text("owner", `${ownerPart}:${ownerPart}`, "an owner, `user:group`, by name or number"),
    mode: text("mode", "0?[0-7]{3,4}", "an octal mode such as `0644`"),
    account: text("account", account, "the name of a user or group"),
    line: text("line", r`[^\u0000\r\n]*`, "a text of one line"),
    target: text("target", r`[^\u0000\r\n]+`, "what a symbolic link holds"),
    sha256: text("sha256", "[0-9a-f]{64}", "a SHA-256 in lower-case hex"),
    url: text("url", "https?://[!-~]+", "an http or https URL"),
    words: text("words", "[!-~]+(?: [!-~]+)*", "words with one space between", 4096),
    urls: text("urls", "https?://[!-~]+(?: https?://[!-~]+)*", "http or https URLs with one space between", 4096),
    host: text("host", "[!-~]+", "a host name", 255),
    hostPort: text("hostPort", `[!-~]+:${port}`, "`host:port`"),
    address: text(
        "address",
        r`${octet}(?:\.${octet}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}`,
        "an IPv4 or IPv6 address",
    ),
    publicKey: text("publicKey", "[A-Za-z0-9+/]{43}=", "a WireGuard public key in base64"),
    boardName: text("boardName", "[ -~]{1,100}", "the name of a board"),
    acceptance: text("acceptance", "SE[0-9]{3} [!-~]{1,200}", "a code and a path"),
    packageName: text("packageName", "[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?", "the name of a Debian package"),
    packageVersion: text("packageVersion", "[A-Za-z0-9.+:~-]+", "the version of a Debian package"),
    unit: text(
        "unit",
        r`(?!${ownUnits})[A-Za-z0-9:_.\\][A-Za-z0-9:_.@\\-]{0,230}\.${unitTypes}`,
        "the whole name of a systemd unit, such as `caddy.service`, none of converge.py's own",
    ),
    kernelModule: text(
        "kernelModule",
        "[A-Za-z0-9][A-Za-z0-9_]{0,63}",
        "the name of a kernel module as /proc/modules spells it, with underscores",
    ),
    kernelSetting: text(
        "kernelSetting",
        "[a-z][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)+",
        "the name of a kernel setting, such as `net.ipv4.ip_forward`",
        200,
    ),
    system: text(
        "system",
        "[a-z][a-z0-9_-]*-[0-9][0-9.]*",
        "ID and VERSION_ID of os-release(5) with a dash between, such as `debian-13`",
        100,
    ),
    image: text(
        "image",
        `${registry}(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+@sha256:[0-9a-f]{64}`,
        "a container image by its digest, `registry/name@sha256:…`, without a tag",
        400,
    ),
    armoredKey: text(
        "armoredKey",
        r`-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:[A-Za-z]+: [ -~]*\n)*\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END PGP PUBLIC KEY BLOCK-----\n?`,
        "an ASCII-armored OpenPGP public key (RFC 9580 §6.2)",
        262_144,
    ),
    content: text(
        "content",
        r`(?![\s\S]*\{\{(?!${reference})[a-z]+:[^{}]*\}\})[\s\S]*`,
        "a text, with references of the forms `{{secret:NAME}}`, `{{wireguard:NODE}}` and `{{address:NODE}}`",
    ),
    argv: z
        .array(z.string().regex(/^[^\u0000]*$/, "a text without a NUL"))
        .min(1)
        .meta({ id: "argv", description: "A program and its arguments; no shell reads them." }),
    whole: z
        .int()
        .min(0)
        .max(Number.MAX_SAFE_INTEGER)
        .meta({ id: "whole", description: "A whole number that every reader of JSON keeps exactly." }),
};

/** A set: its members are the keys. */
export function set<Key extends z.ZodString>(key: Key): z.ZodRecord<Key, z.ZodLiteral<true>> {
    return z.record(key, z.literal(true));
}
