import { X509Certificate } from "node:crypto";
import { isAccountKey } from "../../components/edge/account";
import type { Stack } from "../../components/fleet/stack";
import { AcmeAccount } from "./acme";
import { readCopies, writeCopies } from "./certificates";
import type { Context } from "./context";
import { wordsOf } from "./failure";
import { exportState } from "./pulumi";

/** The part of a resource in an exported state that is read. */
interface Resource {
    readonly urn: string;
    readonly outputs?: { readonly privateKeyPem?: { readonly plaintext?: string } };
}

/**
 * Has the CA revoke the certificates that a node was given, as far as there are copies, and close its account. To be called while
 * the state has the account's key.
 * @returns why the CA did not; nothing when it did, or there are none
 */
export async function endCertificates({ root }: Context, stack: Stack, node: string): Promise<string | undefined> {
    const { [node]: copy, ...others } = readCopies(stack);
    if (copy === undefined) return undefined;
    try {
        const account = await AcmeAccount.find(copy.directory, await accountKey(root, stack.name, node));
        for (const pem of copy.certificates) await account.revoke(new X509Certificate(pem).raw);
        await account.close();
    } catch (error) {
        return `${new URL(copy.directory).hostname} did not revoke them (${wordsOf(error)})`;
    }
    writeCopies(stack, others);
    return undefined;
}

/** The private key (PEM) of a node's account, which the state has as a secret. @throws Error when it has none */
async function accountKey(root: string, stack: string, node: string): Promise<string> {
    const state = JSON.parse(await exportState(root, stack, "--show-secrets")) as {
        deployment?: { resources?: readonly Resource[] };
    };
    const found = state.deployment?.resources?.findLast(({ urn }) => isAccountKey(urn.split("::").at(-1) ?? "", node));
    const pem = found?.outputs?.privateKeyPem?.plaintext;
    if (pem === undefined) throw new Error("the state has no key of its account");
    return JSON.parse(pem) as string;
}
