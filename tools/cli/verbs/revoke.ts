import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import type { DesiredState } from "../../../components/converge/schema";
import { requireComplete } from "../../../components/fleet/complete";
import { readRecorded } from "../../../components/fleet/effects-recorded";
import { stateInClone } from "../../../components/fleet/state-file";
import { loadInventory } from "../../../components/fleet/load";
import { raised, type Lock } from "../../../components/fleet/lock";
import { planFleet, type FleetPlan, type NodePlan } from "../../../components/fleet/plan";
import { filesBeside, type Stack } from "../../../components/fleet/stack";
import { someOf } from "../../../components/fleet/words";
import { withNextKey } from "../../../components/mesh/turn";
import { confirmFleet } from "../confirm";
import { loadStack, type Context } from "../context";
import { requireFreeStack } from "../engine-lock";
import { Refusal, type ExitCode } from "../failure";
import { updateLock, writeWhole } from "../files";
import { withoutPin } from "../known-hosts-text";
import { writeInEntry } from "../node-entry";
import { selectNodes } from "../nodes";
import { run as runUp } from "./up";

/** What a node held, by what becomes of it. */
export interface Held {
    /** Secrets that the fleet makes itself: they get a new value. */
    readonly renewed: readonly string[];
    /** Secrets that somebody set: only they can give them a new value. */
    readonly operators: readonly string[];
    /** Public names whose certificates, with their private keys, and whose account at the CA it had: only the CA can end them. */
    readonly certificates: readonly string[];
}

/** `./fleet revoke NODE`: a machine is stolen; nothing that it held is good for anything from now on. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, out, args } = context;
    const stack = loadStack(context);
    requireComplete(stack);
    const plan = planFleet(stack);
    const [node] = selectNodes(plan, args.positionals);
    if (node === undefined || args.positionals.length === 0) throw new Refusal("Which node? ./fleet revoke NODE");
    requireFreeStack(root, stack.name);
    const held = heldBy(plan, node, recordedOf(root, stack.name, node.name));
    const inventory = withoutNode(stack, node.name);
    out.say(warning(node, held));
    await confirmFleet(context, stack.name, "yes-revoke");
    // The lock first: a run that is cut off in between has rotated too much, never too little.
    updateLock(stack.files.lock, (lock) => ({ ...lock, generations: renewedBy(lock, node.name, held) }));
    writeWhole(stack.files.inventory, inventory);
    if (existsSync(stack.files.knownHosts))
        writeWhole(stack.files.knownHosts, withoutPin(readFileSync(stack.files.knownHosts, "utf8"), node.name));
    const code = await runUp({ ...context, args: { ...args, positionals: [] } });
    if (held.operators.length > 0) out.warn(operatorWords(node, held));
    if (held.certificates.length > 0) out.warn(certificateWords(node, held, stack.inventory.edge?.acme.directory));
    return code;
}

/**
 * What a node held beside its keys in the mesh, which nobody takes any more when it is no peer.
 * @param recorded what it was told last, by role: the plan says nothing any more of what was moved off it before
 */
export function heldBy(
    { secrets }: Pick<FleetPlan, "secrets">,
    node: Pick<NodePlan, "secrets" | "roles">,
    recorded: Readonly<Record<string, DesiredState>> = {},
): Held {
    const kind = (name: string): string => secrets[name]?.kind ?? "wireguard";
    const told = Object.values(recorded).flatMap((role) => Object.keys(role.secrets ?? {}));
    const names = [...new Set([...node.secrets, ...told])].sort();
    const caddyfiles = [node.roles["caddy"], recorded["caddy"]].map(
        (role) => role?.files?.["/etc/caddy/Caddyfile"]?.text,
    );
    return {
        renewed: names.filter((name) => ["password", "certificate", "key"].includes(kind(name))),
        operators: names.filter((name) => kind(name) === "operator"),
        certificates: [...new Set(caddyfiles.flatMap((text) => acmeNames(text ?? "")))].sort(),
    };
}

/** Names that a Caddyfile of ours has certificates for from a CA on the internet: sites without a certificate of the fleet's own. */
function acmeNames(caddyfile: string): string[] {
    const sites = [...caddyfile.matchAll(/^(?:https:\/\/)?([a-z0-9*][a-z0-9.*-]*\.[a-z0-9-]+) \{\n([\s\S]*?)^\}/gm)];
    return sites.flatMap(([, name = "", body = ""]) => (/^\s*tls /m.test(body) ? [] : [name]));
}

/** What the state says that a node was told last; nothing with another backend than the clone's files. */
function recordedOf(root: string, stack: string, node: string): Readonly<Record<string, DesiredState>> {
    return readRecorded(stateInClone(root, stack) ?? "{}")[node]?.roles ?? {};
}

/** Its key in the mesh too: a machine that comes later under its name would share the keys of its pairs with it. */
function renewedBy({ generations }: Lock, node: string, { renewed }: Held): Lock["generations"] {
    return raised(withNextKey(node, generations), renewed);
}

/** The inventory in which the node is gone. @throws InventoryError with every line that still counts on it */
function withoutNode({ name: stack, files }: Stack, node: string): string {
    const text = writeInEntry(readFileSync(files.inventory, "utf8"), node, "leaving", "gone");
    loadInventory(stack, relative(process.cwd(), files.inventory), text, { read: filesBeside(files.inventory) });
    return text;
}

function warning({ name }: NodePlan, { renewed, operators, certificates }: Held): string {
    return [
        `${name} is taken out of the fleet at once: no node is its peer any more, its host key is not trusted, and what it`,
        `held is replaced on all others: ${renewed.length === 0 ? "no secret of the fleet's own" : someOf(renewed)}.`,
        ...(operators.length === 0 ? [] : [`Only you can replace ${someOf(operators)}.`]),
        ...(certificates.length === 0 ? [] : [`Only the CA can revoke the certificates of ${someOf(certificates)}.`]),
        `It is not dialled. If it comes back, add it as a new machine.`,
    ].join("\n");
}

/**
 * A CA revokes for who has the certificate's key, the account that asked for it, or another account that is authorized for all
 * its names (RFC 8555 §7.6). The first two were on the machine alone; the third is whoever serves the names now.
 */
function certificateWords({ name }: NodePlan, { certificates }: Held, directory: string | undefined): string {
    const at = directory === undefined ? "" : ` --server ${directory}`;
    return [
        `${name} had the private keys of the certificates of ${someOf(certificates)}, and its account at the CA, of which there is no copy.`,
        "Whoever has them can pass for these names until the certificates end, 90 days at most. Have the CA revoke them, for each name:",
        `    1. Look for its certificates that are valid and not of your edges: https://crt.sh/?q=${certificates[0] ?? ""} and save each (PEM).`,
        `    2. Show that the name is yours, with an account of your own: certbot certonly --manual --preferred-challenges dns -d NAME${at}`,
        `    3. certbot revoke --cert-path FILE.pem${at}`,
        "The other edges have keys and accounts of their own: nothing of theirs has to change.",
    ].join("\n");
}

function operatorWords({ name }: NodePlan, { operators }: Held): string {
    const verbs = operators.map((secret) => `    ./fleet secret set ${secret}`);
    return [`Still as ${name} knows them, until you set them anew and run \`./fleet up\`:`, ...verbs].join("\n");
}
