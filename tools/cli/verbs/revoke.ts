import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { requireComplete } from "../../../components/fleet/complete";
import { loadInventory } from "../../../components/fleet/load";
import type { Lock } from "../../../components/fleet/lock";
import { planFleet, type FleetPlan, type NodePlan } from "../../../components/fleet/plan";
import { filesBeside, type Stack } from "../../../components/fleet/stack";
import { someOf } from "../../../components/fleet/words";
import { confirmFleet } from "../confirm";
import { loadStack, type Context } from "../context";
import { Refusal, type ExitCode } from "../failure";
import { updateLock, writeWhole } from "../files";
import { withoutPin } from "../known-hosts-text";
import { writeInEntry } from "../node-entry";
import { selectNodes } from "../nodes";
import { requireFreeStack } from "../pulumi";
import { run as runUp } from "./up";

/** What a node held, by what becomes of it. */
export interface Held {
    /** Secrets that the fleet makes itself: they get a new value. */
    readonly renewed: readonly string[];
    /** Secrets that somebody set: only they can give them a new value. */
    readonly operators: readonly string[];
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
    const held = heldBy(plan, node);
    const inventory = withoutNode(stack, node.name);
    out.say(warning(node, held));
    await confirmFleet(context, stack.name, "yes-revoke");
    // The lock first: a run that is cut off in between has rotated too much, never too little.
    updateLock(stack.files.lock, (lock) => ({ ...lock, generations: raised(lock, held) }));
    writeWhole(stack.files.inventory, inventory);
    if (existsSync(stack.files.knownHosts))
        writeWhole(stack.files.knownHosts, withoutPin(readFileSync(stack.files.knownHosts, "utf8"), node.name));
    const code = await runUp({ ...context, args: { ...args, positionals: [] } });
    if (held.operators.length > 0) out.warn(operatorWords(node, held));
    return code;
}

/** What a node held beside its keys in the mesh, which nobody takes any more when it is no peer. */
export function heldBy({ secrets }: Pick<FleetPlan, "secrets">, node: Pick<NodePlan, "secrets">): Held {
    const kind = (name: string): string => secrets[name]?.kind ?? "wireguard";
    return {
        renewed: node.secrets.filter((name) => ["password", "certificate", "key"].includes(kind(name))),
        operators: node.secrets.filter((name) => kind(name) === "operator"),
    };
}

function raised({ generations }: Lock, { renewed }: Held): Record<string, number> {
    return { ...generations, ...Object.fromEntries(renewed.map((name) => [name, (generations[name] ?? 1) + 1])) };
}

/** The inventory in which the node is gone. @throws InventoryError with every line that still counts on it */
function withoutNode({ name: stack, files }: Stack, node: string): string {
    const text = writeInEntry(readFileSync(files.inventory, "utf8"), node, "leaving", "gone");
    loadInventory(stack, relative(process.cwd(), files.inventory), text, { read: filesBeside(files.inventory) });
    return text;
}

function warning({ name }: NodePlan, { renewed, operators }: Held): string {
    return [
        `${name} is taken out of the fleet at once: no node is its peer any more, its host key is not trusted, and what it`,
        `held is replaced on all others: ${renewed.length === 0 ? "no secret of the fleet's own" : someOf(renewed)}.`,
        ...(operators.length === 0 ? [] : [`Only you can replace ${someOf(operators)}.`]),
        `It is not dialled. If it comes back, add it as a new machine.`,
    ].join("\n");
}

function operatorWords({ name }: NodePlan, { operators }: Held): string {
    const verbs = operators.map((secret) => `    ./fleet secret set ${secret}`);
    return [`Still as ${name} knows them, until you set them anew and run \`./fleet up\`:`, ...verbs].join("\n");
}
