import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fingerprint, readKnownHosts } from "../../../components/fleet/known-hosts";
import { staying } from "../../../components/fleet/leaving";
import { loadInventory } from "../../../components/fleet/load";
import { assignRoads } from "../../../components/fleet/lock";
import type { Inventory } from "../../../components/fleet/schema";
import { planFleet } from "../../../components/fleet/plan";
import { filesBeside, readStack, type StackFiles } from "../../../components/fleet/stack";
import { someOf } from "../../../components/fleet/words";
import { ipv4 } from "../../../components/fleet/zod-net";
import { label } from "../../../components/node/schema";
import { planDetours } from "../../../components/node/ways";
import { openStack, textFlag, type Context } from "../context";
import { openDoor } from "../doors";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { readIfThere, updateLock, writeWhole } from "../files";
import { findKey } from "../host-key";
import { flowEntry, insertNode, type NodeLine } from "../inventory-text";
import { askMachine, machineProblems, proposeHardware, proposeOs, type Machine } from "../machine";
import { formatMemory } from "../output";
import type { Target } from "../probe";
import { pinRented } from "../rented";
import { requireAgent } from "../ssh";
import { filesOf, inventoryPath, nodeNames } from "../stacks";

/** What is asked for on the command line. */
interface Wanted {
    readonly node: string;
    readonly address: string;
    readonly user?: string;
    readonly port?: number;
    readonly location?: string;
    readonly via?: string;
}

/** `./fleet add NODE ADDRESS`: looks at a machine, has its host key compared, and writes it down. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, out } = context;
    const wanted = readWanted(context);
    const stack = openStack(context);
    const files = filesOf(root, stack);
    const draft = loadDraft(stack, files, wanted);
    const entry = draft.inventory.nodes[wanted.node];
    const user = entry?.user ?? draft.inventory.ssh.user;
    const port = entry?.port ?? draft.inventory.ssh.port ?? 22;
    await requireAgent();
    const target = await targetFor(root, stack, draft.inventory, { ...wanted, port });
    const key = await findKey(context, target, files.knownHosts);
    const machine = await askMachine({ ...target, user }, key);
    const problems = machineProblems(machine, user, Date.now() / 1000);
    if (problems.length > 0) throw new Failure(problems.map((problem) => `${wanted.node}: ${problem}`).join("\n"));
    const [hardware, os] = [proposeHardware(machine), proposeOs(machine)];
    out.say(`  ${machineWords(machine, user)}`);
    const line = draft.isNew ? lineOf(wanted, hardware, os) : undefined;
    write(stack, files, wanted.node, key, line);
    out.say(doneWords(files, wanted, line));
    const { node, address } = wanted;
    out.result({ stack, node, address, fingerprint: fingerprint(key), hardware, os, machine });
    return exitCodes.done;
}

/**
 * Where the machine is looked for: at its address, or at the address that it has for the nodes that it is reached through.
 * @throws Refusal when none of those sees it there
 */
async function targetFor(
    root: string,
    name: string,
    inventory: Inventory,
    { node, address, port, via }: Wanted & { readonly port: number },
): Promise<Target> {
    const direct = { host: address, port };
    const entry = inventory.nodes[node];
    if (entry?.via === undefined) return { node, address, port };
    // The mesh is not on it yet.
    const ways = planDetours(inventory, node, {});
    if (ways.length === 0)
        throw new Refusal(
            `${someOf(entry.via)} does not stand in one LAN with ${node}, whose address is a private one: say where both stand (--location, and \`location:\` of the other).`,
        );
    const stack = pinRented(readStack(root, name, inventoryPath(root, name)));
    // What answers here at its address may be another machine: with --via nobody looks.
    return openDoor(planFleet(stack), node, via === undefined ? [direct, ...ways] : ways);
}

function readWanted(context: Context): Wanted {
    const [node = "", address = ""] = context.args.positionals;
    const name = label.safeParse(node);
    if (!name.success) throw new Refusal(`"${node}" is no name of a node: ${name.error.issues[0]?.message ?? ""}.`);
    if (!ipv4.safeParse(address).success) {
        throw new Refusal(
            `"${address}" is no IPv4 address like 192.168.1.20. (Find it with \`ip -4 address\` on the machine.)`,
        );
    }
    const [user, location, port, via] = (["user", "location", "port", "via"] as const).map((flag) =>
        textFlag(context, flag),
    );
    if (port !== undefined && !/^[1-9]\d{0,4}$/.test(port)) throw new Refusal(`--port takes a number, not "${port}".`);
    return {
        node,
        address,
        ...(user === undefined ? {} : { user }),
        ...(location === undefined ? {} : { location }),
        ...(port === undefined ? {} : { port: Number(port) }),
        ...(via === undefined ? {} : { via }),
    };
}

interface Draft {
    readonly inventory: Inventory;
    /** Whether the node's line has to be written. */
    readonly isNew: boolean;
}

/**
 * The inventory with the node in it, before anything is contacted: its hardware is not known yet.
 * @throws InventoryError, Refusal
 */
function loadDraft(stack: string, files: StackFiles, wanted: Wanted): Draft {
    if (!existsSync(files.inventory))
        throw new Refusal(`There is no ${shown(files.inventory)}. Run \`./fleet init ${stack}\`.`);
    const text = readFileSync(files.inventory, "utf8");
    if (!nodeNames(files).includes(wanted.node)) {
        const draft = insertNode(text, wanted.node, lineOf(wanted, "amd64-1gb"));
        return {
            inventory: loadInventory(stack, shown(files.inventory), draft, { read: filesBeside(files.inventory) })
                .inventory,
            isNew: true,
        };
    }
    const { inventory } = loadInventory(stack, shown(files.inventory), text, { read: filesBeside(files.inventory) });
    const entry = inventory.nodes[wanted.node];
    const found = {
        ...entry,
        port: entry?.port ?? inventory.ssh.port ?? 22,
        user: entry?.user ?? inventory.ssh.user,
        via: entry?.via?.[0],
    };
    const keys = ["address", "user", "port", "location", "via"] as const;
    const differs = keys.filter((key) => wanted[key] !== undefined && wanted[key] !== found[key]);
    if (differs.length === 0) return { inventory, isNew: false };
    throw new Refusal(
        `${wanted.node} is in ${shown(files.inventory)} already, with another ${differs.join(" and ")}. Change its line there, then run this again.`,
    );
}

/** What is written of a node; a port that was not asked for is that of `ssh:`. */
function lineOf({ address, user, port, location, via }: Wanted, hardware: string, os?: string): NodeLine {
    return {
        hardware,
        ...(os === undefined ? {} : { os }),
        address,
        ...(location === undefined ? {} : { location }),
        ...(via === undefined ? {} : { via }),
        ...(user === undefined ? {} : { user }),
        ...(port === undefined ? {} : { port }),
    };
}

/** Writes host key, road and, for a new node, its line: the inventory last, so that a node in it has all it needs. */
function write(stack: string, files: StackFiles, node: string, key: string, line: NodeLine | undefined): void {
    const before = readFileSync(files.inventory, "utf8");
    const text = line === undefined ? before : insertNode(before, node, line);
    const { inventory } = loadInventory(stack, shown(files.inventory), text, { read: filesBeside(files.inventory) });
    const known = readIfThere(files.knownHosts) ?? "";
    if (!readKnownHosts(known).some((pin) => pin.node === node)) {
        writeWhole(files.knownHosts, `${known === "" || known.endsWith("\n") ? known : `${known}\n`}${node} ${key}\n`);
    }
    updateLock(files.lock, (lock) => ({
        ...lock,
        // A node that has left gets no road, unless it is the one that is added.
        roads: assignRoads(inventory.fleet, [...Object.keys(staying(inventory).nodes), node], lock.roads),
    }));
    if (line !== undefined) writeWhole(files.inventory, text);
}

function machineWords({ osName, arch, memory, model, pageSize }: Machine, user: string): string {
    const board = model === "" ? "" : `${model}, `;
    return `${board}${osName}, ${arch}, ${formatMemory(memory)} memory, ${pageSize / 1024} KiB pages; ${user} may act as root.`;
}

function doneWords(files: StackFiles, { node }: Wanted, line: NodeLine | undefined): string {
    const pins = `its host key is in ${shown(files.knownHosts)}, its road in ${shown(files.lock)}.`;
    if (line === undefined) return `${node} was in the inventory; ${pins}`;
    return [
        `${node} is in ${shown(files.inventory)} now; ${pins}`,
        `    ${node}: ${flowEntry(line)}`,
        "Next: ./fleet pin, then ./fleet up",
    ].join("\n");
}

function shown(file: string): string {
    return relative(process.cwd(), file) || file;
}
