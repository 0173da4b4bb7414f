import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { requireComplete } from "../../../components/fleet/complete";
import { fingerprint } from "../../../components/fleet/known-hosts";
import { loadInventory } from "../../../components/fleet/load";
import { planFleet, type NodePlan } from "../../../components/fleet/plan";
import { filesBeside, type Stack } from "../../../components/fleet/stack";
import { ipv4 } from "../../../components/fleet/zod-net";
import { withNextKey } from "../../../components/mesh/turn";
import { planDetours } from "../../../components/node/ways";
import { pinAlone } from "../card-pins";
import { loadWithState, type Context } from "../context";
import { openDoor, withDoors } from "../doors";
import { requireFreeStack } from "../engine-lock";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { readIfThere, updateLock, writeWhole } from "../files";
import { findKey } from "../host-key";
import { askMachine, machineProblems } from "../machine";
import { waitForPairs } from "../mesh-pairs";
import { writeInEntry } from "../node-entry";
import { selectNodes } from "../nodes";
import { formatSeconds } from "../output";
import type { Target } from "../probe";
import { requireAgent } from "../ssh";
import { run as runUp } from "./up";

/**
 * `./fleet replace NODE [ADDRESS]`: a dead node comes back on another machine, under its name and mesh address, with its roles
 * and new keys. Looks at the machine, writes files, applies, and has every other node answer it.
 */
export async function run(context: Context): Promise<ExitCode> {
    const { root, out } = context;
    const start = performance.now();
    const stack = await loadWithState(context);
    requireComplete(stack);
    const [node, address] = readWanted(context, stack);
    requireFreeStack(root, stack.name);
    const inventory = anew(stack, node, address);
    const key = await lookAt(context, stack, node, address);
    write(stack, node, key, inventory);
    out.say(`  ${node.name} is incarnation ${node.incarnation + 1} now, with the key ${fingerprint(key)}.`);
    const code = await runUp({ ...context, args: { ...context.args, positionals: [] } });
    if (code !== exitCodes.done) return code;
    const silent = await silentPairs(context, node.name);
    if (silent.length > 0)
        throw new Failure(`${node.name} is back, but these pairs do not answer: ${silent.join(", ")}.`);
    out.say(`${node.name} is back, and all its pairs answer: ${formatSeconds(performance.now() - start)} in all.`);
    return code;
}

function readWanted({ args }: Context, stack: Stack): [NodePlan, string] {
    const [name, address] = args.positionals;
    const [node] = selectNodes(planFleet(stack), name === undefined ? [] : [name]);
    if (node === undefined || name === undefined) throw new Refusal("Which node? ./fleet replace NODE [ADDRESS]");
    if (node.leaving) throw new Refusal(`${name} is leaving. Take \`leaving:\` away first.`);
    if (address !== undefined && !ipv4.safeParse(address).success)
        throw new Refusal(`"${address}" is no IPv4 address like 192.168.1.20.`);
    return [node, address ?? node.address];
}

/** The inventory's text with the node's next incarnation, and its address where that is another. @throws InventoryError */
function anew(
    { name: stack, files }: Stack,
    { name, incarnation, address: before }: NodePlan,
    address: string,
): string {
    const counted = writeInEntry(readFileSync(files.inventory, "utf8"), name, "incarnation", incarnation + 1);
    const text = address === before ? counted : writeInEntry(counted, name, "address", address);
    loadInventory(stack, relative(process.cwd(), files.inventory), text, { read: filesBeside(files.inventory) });
    return text;
}

/** Has the new machine's host key compared, and looks whether it can be a node. Gives the key; writes nothing. */
async function lookAt(context: Context, stack: Stack, node: NodePlan, address: string): Promise<string> {
    await requireAgent();
    const target = await targetFor(stack, node, address);
    const key = await findKey(context, target, undefined);
    if (key === node.hostKey)
        throw new Failure(
            `${node.name} shows the host key that is pinned: it is the machine that it was. \`./fleet reset ${node.name}\` sends everything to it again.`,
        );
    const machine = await askMachine({ ...target, user: node.user }, key);
    const problems = machineProblems(machine, node.user, Date.now() / 1000);
    if (problems.length > 0) throw new Failure(problems.map((problem) => `${node.name}: ${problem}`).join("\n"));
    return key;
}

/** Where the new machine is looked for: directly, and through the nodes of its LAN that the old one was reached through. */
async function targetFor(stack: Stack, { name, port }: NodePlan, address: string): Promise<Target> {
    const { inventory } = stack;
    const before = inventory.nodes[name];
    const nodes = before === undefined ? inventory.nodes : { ...inventory.nodes, [name]: { ...before, address } };
    // The new machine is not in the mesh yet.
    const ways = planDetours({ ...inventory, nodes }, name, {});
    if (ways.length === 0) return { node: name, address, port };
    return openDoor(planFleet(stack), name, [{ host: address, port }, ...ways]);
}

/** Pin, generations, inventory: the last one makes the rest count. The disk of the old machine may be read by others. */
function write(stack: Stack, { name }: NodePlan, key: string, inventory: string): void {
    const { files, design } = stack;
    writeWhole(files.knownHosts, pinAlone(readIfThere(files.knownHosts) ?? "", name, key));
    if (design.mesh[name] !== undefined)
        updateLock(files.lock, (lock) => ({ ...lock, generations: withNextKey(name, lock.generations) }));
    writeWhole(files.inventory, inventory);
}

async function silentPairs(context: Context, name: string): Promise<string[]> {
    const stack = await loadWithState(context);
    const plan = await withDoors(planFleet(stack));
    const present = Object.keys(stack.design.mesh).filter(
        (other) => stack.inventory.nodes[other]?.offline === undefined,
    );
    const wanted = present
        .filter((other) => other !== name)
        .flatMap((other) => [`${name} → ${other}`, `${other} → ${name}`]);
    return waitForPairs(stack, plan, present, new Set(wanted));
}
