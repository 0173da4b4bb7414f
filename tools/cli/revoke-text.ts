import type { NodePlan } from "../../components/fleet/plan";
import { someOf } from "../../components/fleet/words";

/** What a node held, by what becomes of it. */
export interface Held {
    /** Secrets that the fleet makes itself: they get a new value. */
    readonly renewed: readonly string[];
    /** Secrets that somebody set: only they can give them a new value. */
    readonly operators: readonly string[];
    /** Public names whose certificates, with their private keys, it had: only the CA can end them. */
    readonly certificates: readonly string[];
}

/** What the CA did. */
export function endedWords({ name }: NodePlan, names: readonly string[]): string {
    return `The CA has revoked the certificates of ${someOf(names)} that ${name} had, and closed its account.`;
}

/** What is about to happen. @param copied names of which there are copies of the certificates */
export function warning(
    { name }: NodePlan,
    { renewed, operators, certificates }: Held,
    copied: readonly string[],
): string {
    const left = certificates.filter((one) => !copied.includes(one));
    return [
        `${name} is taken out of the fleet at once: no node is its peer any more, its host key is not trusted, and what it`,
        `held is replaced on all others: ${renewed.length === 0 ? "no secret of the fleet's own" : someOf(renewed)}.`,
        ...said(operators, (names) => `Only you can replace ${names}.`),
        ...said(copied, (names) => `The CA is asked to revoke its certificates of ${names}, and to close its account.`),
        ...said(left, (names) => `There is no copy of its certificates of ${names}: you have to find them.`),
        `It is not dialled. If it comes back, add it as a new machine.`,
    ].join("\n");
}

/**
 * A CA revokes for who has the certificate's key, the account that asked for it, or another account that is authorized for all
 * its names (RFC 8555 §7.6): the last is open to whoever serves the names now.
 * @param problem why it did not revoke those that there are copies of @param directory of the CA, when it is not the usual one
 */
export function certificateWords(
    { name }: NodePlan,
    certificates: readonly string[],
    problem: string | undefined,
    directory: string | undefined,
): string {
    const at = directory === undefined ? "" : ` --server ${directory}`;
    const why = problem ?? "no `up` and no `status` has seen them";
    return [
        `${name} had the private keys of the certificates of ${someOf(certificates)}: ${why}.`,
        "Whoever has them can pass for these names until the certificates end, 90 days at most. Have the CA revoke them, for each name:",
        `    1. Look for its certificates that are valid and not of your edges: https://crt.sh/?q=${certificates[0] ?? ""} and save each (PEM).`,
        `    2. Show that the name is yours, with an account of your own: certbot certonly --manual --preferred-challenges dns -d NAME${at}`,
        `    3. certbot revoke --cert-path FILE.pem${at}`,
        "The other edges have keys and accounts of their own: nothing of theirs has to change.",
    ].join("\n");
}

/** What only the operator can do. */
export function operatorWords({ name }: NodePlan, { operators }: Held): string {
    const verbs = operators.map((secret) => `    ./fleet secret set ${secret}`);
    return [`Still as ${name} knows them, until you set them anew and run \`./fleet up\`:`, ...verbs].join("\n");
}

function said(names: readonly string[], words: (names: string) => string): string[] {
    return names.length === 0 ? [] : [words(someOf(names))];
}
