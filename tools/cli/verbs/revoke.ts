import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import type { DesiredState } from "../../../components/converge/schema";
import { requireComplete } from "../../../components/fleet/complete";
import { readRecorded } from "../../../components/fleet/effects-recorded";
import { loadInventory } from "../../../components/fleet/load";
import { raised, type Lock } from "../../../components/fleet/lock";
import { planFleet, type FleetPlan, type NodePlan } from "../../../components/fleet/plan";
import { filesBeside, type Stack } from "../../../components/fleet/stack";
import { withNextKey } from "../../../components/mesh/turn";
import { namesIn, readCopies } from "../certificates";
import { confirmFleet } from "../confirm";
import { loadWithState, type Context } from "../context";
import { endCertificates } from "../end-certificates";
import { requireFreeStack } from "../engine-lock";
import { Refusal, type ExitCode } from "../failure";
import { updateLock, writeWhole } from "../files";
import { withoutPin } from "../known-hosts-text";
import { writeInEntry } from "../node-entry";
import { selectNodes } from "../nodes";
import { stateText } from "../pulumi";
import { certificateWords, endedWords, operatorWords, warning, type Held } from "../revoke-text";
import { run as runUp } from "./up";

/** `./fleet revoke NODE`: a machine is stolen; nothing that it held is good for anything from now on. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, out, args } = context;
    const stack = await loadWithState(context);
    requireComplete(stack);
    const plan = planFleet(stack);
    const [node] = selectNodes(plan, args.positionals);
    if (node === undefined || args.positionals.length === 0) throw new Refusal("Which node? ./fleet revoke NODE");
    requireFreeStack(root, stack.name);
    const copy = readCopies(stack)[node.name];
    const copied = [...new Set(copy?.certificates.flatMap(namesIn))].sort();
    const held = withCopied(heldBy(plan, node, await recordedOf(root, stack.name, node.name)), copied);
    const inventory = withoutNode(stack, node.name);
    out.say(warning(node, held, copied));
    await confirmFleet(context, stack.name, "yes-revoke");
    // The lock first: a run that is cut off in between has rotated too much, never too little.
    updateLock(stack.files.lock, (lock) => ({ ...lock, generations: renewedBy(lock, node.name, held) }));
    writeWhole(stack.files.inventory, inventory);
    if (existsSync(stack.files.knownHosts))
        writeWhole(stack.files.knownHosts, withoutPin(readFileSync(stack.files.knownHosts, "utf8"), node.name));
    const problem = await endCertificates(context, stack, node.name);
    const ended = problem === undefined ? copied : [];
    const code = await runUp({ ...context, args: { ...args, positionals: [] } });
    if (held.operators.length > 0) out.warn(operatorWords(node, held));
    if (ended.length > 0) out.say(endedWords(node, ended));
    const left = held.certificates.filter((name) => !ended.includes(name));
    const directory = copy?.directory ?? stack.inventory.edge?.acme.directory;
    if (left.length > 0) out.warn(certificateWords(node, left, problem, directory));
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
        renewed: names.filter((name) => ["password", "certificate", "key", "account"].includes(kind(name))),
        operators: names.filter((name) => kind(name) === "operator"),
        certificates: [...new Set(caddyfiles.flatMap((text) => acmeNames(text ?? "")))].sort(),
    };
}

/** Names that a Caddyfile of ours has certificates for from a CA on the internet: sites without a certificate of the fleet's own. */
function acmeNames(caddyfile: string): string[] {
    const sites = [...caddyfile.matchAll(/^(?:https:\/\/)?([a-z0-9*][a-z0-9.*-]*\.[a-z0-9-]+) \{\n([\s\S]*?)^\}/gm)];
    return sites.flatMap(([, name = "", body = ""]) => (/^\s*tls /m.test(body) ? [] : [name]));
}

/** What the state says that a node was told last. */
async function recordedOf(root: string, stack: string, node: string): Promise<Readonly<Record<string, DesiredState>>> {
    return readRecorded(await stateText(root, stack))[node]?.roles ?? {};
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

/** With the names in the copies of its certificates: a name that it served once is one that it can pass for. */
function withCopied(held: Held, copied: readonly string[]): Held {
    return { ...held, certificates: [...new Set([...held.certificates, ...copied])].sort() };
}
