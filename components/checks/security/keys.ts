import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { systemAccounts } from "../../people/accounts";
import { typeOf } from "../../services/catalogue/catalogue";

const good = ["ssh-ed25519", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"];
const usable = ["ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];

const people: Check = ({ inventory }) =>
    Object.entries(inventory.people).flatMap(([person, keys]) =>
        keys.flatMap((key): Problem[] => {
            const problem = wrongWith(key);
            const fix =
                "Make one with `ssh-keygen -t ed25519` (or -t ed25519-sk on a token) and write its public half.";
            return problem === undefined ? [] : [{ ...problem, path: ["people", person], fix }];
        }),
    );

function wrongWith(key: string): Pick<Problem, "code" | "message"> | undefined {
    const [type = "", blob = ""] = key.split(" ");
    const inner = innerType(blob);
    if (type === "ssh-dss")
        return { code: "SE202", message: "A DSA key (ssh-dss): OpenSSH 10, which Debian 13 has, takes none." };
    if (inner !== type) {
        const says = inner === "" ? "what follows is no key" : `what follows is a key of type ${inner}`;
        return { code: "SE202", message: `It says ${type}, and ${says}.` };
    }
    if (good.includes(type)) return undefined;
    if (!usable.includes(type)) return { code: "SE202", message: `No sshd takes a key of type ${type}.` };
    if (type === "ssh-rsa") {
        const bits = rsaBits(blob);
        if (bits < 2048 && bits > 0)
            return { code: "SE202", message: `An RSA key of ${bits} bits can be broken; sshd asks for 2048.` };
        return {
            code: "SE203",
            message: "An RSA key: clients older than OpenSSH 7.2 sign with SHA-1, which sshd refuses since 8.8.",
        };
    }
    return { code: "SE203", message: `An ECDSA key (${type}): one bad random number while signing gives it away.` };
}

/** The type inside a key's data (RFC 4253 §6.6: a length and a text come first); empty when there is none. */
function innerType(blob: string): string {
    const bytes = Buffer.from(blob, "base64");
    if (bytes.length < 4) return "";
    const length = bytes.readUInt32BE(0);
    const text = bytes.subarray(4, 4 + length).toString("latin1");
    return length > 64 || !/^[a-z0-9@.-]+$/.test(text) ? "" : text;
}

/** Bits of an RSA modulus (RFC 4253 §6.6: type, exponent, modulus); 0 when it is cut short. */
function rsaBits(blob: string): number {
    const bytes = Buffer.from(blob, "base64");
    let at = 0;
    let part = Buffer.alloc(0);
    for (let index = 0; index < 3; index++) {
        if (at + 4 > bytes.length) return 0;
        const length = bytes.readUInt32BE(at);
        part = bytes.subarray(at + 4, at + 4 + length);
        if (part.length < length) return 0;
        at += 4 + length;
    }
    const leading = part[0] === 0 ? part.subarray(1) : part;
    return leading.length === 0 ? 0 : (leading.length - 1) * 8 + (32 - Math.clz32(leading[0] ?? 0));
}

const why: Readonly<Record<string, string>> = {
    nostr: "Nostr signs with Schnorr over secp256k1 (NIP-01)",
    tor: "an onion address is an ed25519 public key (rend-spec-v3)",
    mcp: "the MCP registry proves a domain by an ed25519 key in its DNS",
};

const identities: Check = ({ inventory }) =>
    Object.entries(inventory.services).flatMap(([block, entry]): Problem[] => {
        const asked = typeOf(block, entry)?.key;
        if (entry.key === undefined || asked === undefined || entry.key === asked) return [];
        const name = entry.type ?? block;
        const message = `${block} has a key of type ${entry.key}, and ${why[name] ?? `${name} asks for ${asked}`}: no other key has an identity there.`;
        return [
            {
                code: "SE204",
                path: ["services", block, "key"],
                message,
                fix: `Write \`key: ${asked}\`, or leave it out.`,
            },
        ];
    });

const accounts: Check = ({ inventory }) =>
    Object.keys(inventory.people).flatMap((person): Problem[] => {
        const whose = systemAccounts[person] ?? (/^systemd-/.test(person) ? "the system's own" : undefined);
        if (whose === undefined) return [];
        return [
            {
                code: "SE208",
                path: ["people", person],
                message: `${person} is the name of an account that is ${whose} on the nodes, and no person's.`,
                fix: "Write another name: it is the login of that person on every node.",
            },
        ];
    });

/** Checks on keys and on who has them. */
export const keyChecks: readonly Check[] = [people, accounts, identities];
