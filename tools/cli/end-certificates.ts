import { X509Certificate } from "node:crypto";
import { isAccountKey } from "../../components/edge/account";
import type { Stack } from "../../components/fleet/stack";
import { AcmeAccount } from "./acme";
import { namesIn, readCopies, writeCopies } from "./certificates";
import type { Context } from "./context";
import { pulumi } from "./pulumi";

/** The part of a resource in an exported state that is read. */
interface Resource {
    readonly urn: string;
    readonly outputs?: { readonly privateKeyPem?: { readonly plaintext?: string } };
}

/** What became of the certificates that a node had from a CA. */
export interface Ended {
    /** Names whose certificates the CA has revoked. */
    readonly names: readonly string[];
    /** Why it is not all of those that there is a copy of. */
    readonly problem?: string;
}

/**
 * Has the CA revoke the certificates that a node was given, as far as there are copies, and close its account. To be called while
 * the state has the account's key.
 */
export async function endCertificates(context: Context, stack: Stack, node: string): Promise<Ended> {
    const copies = readCopies(stack);
    const { [node]: copy, ...others } = copies;
    if (copy === undefined) return { names: [] };
    const names = [...new Set(copy.certificates.flatMap(namesIn))].sort();
    try {
        const account = await AcmeAccount.find(copy.directory, await accountKey(context, stack.name, node));
        for (const pem of copy.certificates) await account.revoke(new X509Certificate(pem).raw);
        await account.close();
    } catch (error) {
        const why =
            error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error);
        return { names: [], problem: `${new URL(copy.directory).hostname} did not revoke them (${why})` };
    }
    writeCopies(stack, others);
    return { names };
}

/** The private key (PEM) of a node's account, which the state has as a secret. @throws Error when it has none */
async function accountKey({ root }: Context, stack: string, node: string): Promise<string> {
    const { code, stdout, stderr } = await pulumi(root, stack, ["stack", "export", "--show-secrets"]);
    if (code !== 0) throw new Error(`the state cannot be read: ${stderr.trim()}`);
    const state = JSON.parse(stdout) as { deployment?: { resources?: readonly Resource[] } };
    const found = state.deployment?.resources?.findLast(({ urn }) => isAccountKey(urn.split("::").at(-1) ?? "", node));
    const pem = found?.outputs?.privateKeyPem?.plaintext;
    if (pem === undefined) throw new Error("the state has no key of its account");
    return JSON.parse(pem) as string;
}
