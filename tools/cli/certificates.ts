import { X509Certificate } from "node:crypto";
import { relative } from "node:path";
import { z } from "zod";
import { asRoot } from "../../components/converge/command";
import { accountSecret, certificatePattern, letsEncrypt } from "../../components/edge/account";
import type { Stack } from "../../components/fleet/stack";
import type { Doored } from "./doors";
import { Failure } from "./failure";
import { readIfThere, writeWhole } from "./files";
import { loginOf } from "./nodes";
import { sshRun } from "./ssh";

/** Milliseconds a node may take to show its certificates. */
const patience = 15_000;

const copiesSchema = z.record(
    z.string(),
    z.object({ directory: z.string(), certificates: z.array(z.string()).readonly() }).readonly(),
);

/** Public certificates (PEM) by node, and the ACME directory of the CA that gave them, as they are kept beside the stack. */
export type Copies = z.infer<typeof copiesSchema>;

/** The copies that are kept; none when there is no such file. @throws Failure when there is one that cannot be read */
export function readCopies({ files }: Pick<Stack, "files">): Copies {
    try {
        return copiesSchema.parse(JSON.parse(readIfThere(files.certificates) ?? "{}"));
    } catch (error) {
        const why = error instanceof SyntaxError ? error.message : "it has another form";
        const file = relative(process.cwd(), files.certificates);
        throw new Failure(`${file} cannot be read (${why}): put it back as it was, or delete it; it is written anew.`);
    }
}

/** Writes the copies down, where they are others than before. */
export function writeCopies({ files }: Pick<Stack, "files">, copies: Copies): void {
    const before = readIfThere(files.certificates);
    const after = `${JSON.stringify(copies, undefined, 4)}\n`;
    if (after !== (before ?? "{}\n")) writeWhole(files.certificates, after);
}

/**
 * Copies what certificates a CA gave to nodes. When one of them is stolen nobody else knows which there are: a CA lists them for
 * nobody. A node that does not show any keeps its copies.
 * @param nodes those that answer
 * @returns what there is to say: the copies that are there cannot be read, and were left as they are
 */
export async function copyCertificates(stack: Stack, nodes: readonly Doored[]): Promise<string[]> {
    const edges = nodes.filter(({ name, secrets }) => secrets.includes(accountSecret(name)));
    if (edges.length === 0) return [];
    const directory = stack.inventory.edge?.acme.directory ?? letsEncrypt;
    const script = `cat ${certificatePattern(directory)} 2>/dev/null; true`;
    const shown = await Promise.all(
        edges.map(async (node): Promise<[string, string]> => {
            const { stdout } = await sshRun(loginOf(stack, node), `${asRoot(node.user)}sh -s`, script, patience);
            return [node.name, stdout];
        }),
    );
    try {
        writeCopies(stack, withShown(readCopies(stack), directory, shown, new Date()));
        return [];
    } catch (error) {
        if (error instanceof Failure) return [error.message];
        throw error;
    }
}

/** The copies with those that nodes show, and without what has ended. */
export function withShown(
    copies: Copies,
    directory: string,
    shown: readonly (readonly [node: string, text: string])[],
    now: Date,
): Copies {
    const all = { ...copies };
    for (const [node, text] of shown) {
        const before = all[node]?.directory === directory ? all[node].certificates : [];
        all[node] = { directory, certificates: [...before, ...blocksIn(text)] };
    }
    const entries = Object.entries(all).map(([node, copy]) => [node, withValid(copy, now)] as const);
    return Object.fromEntries(entries.filter(([, { certificates }]) => certificates.length > 0).sort());
}

/** Host names that a certificate is for. */
export function namesIn(pem: string): string[] {
    const names = parse(pem)?.subjectAltName ?? "";
    return [...names.matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name);
}

function withValid({ directory, certificates }: Copies[string], now: Date): Copies[string] {
    const valid = [...new Set(certificates)].filter((pem) => {
        const found = parse(pem);
        // What signed it stands in the same file.
        return found !== undefined && !found.ca && new Date(found.validTo) > now;
    });
    return { directory, certificates: valid.sort() };
}

function blocksIn(text: string): string[] {
    return text.match(/-----BEGIN CERTIFICATE-----\n[\w+/=\n]+-----END CERTIFICATE-----/g) ?? [];
}

/** Nothing for what is no certificate: a node shows what it likes. */
function parse(pem: string): X509Certificate | undefined {
    try {
        return new X509Certificate(pem);
    } catch {
        return undefined;
    }
}
