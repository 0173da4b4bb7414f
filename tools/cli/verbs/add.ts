import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fingerprint, readKnownHosts } from "../../../components/fleet/known-hosts";
import { staying } from "../../../components/fleet/leaving";
import { loadInventory } from "../../../components/fleet/load";
import { assignRoads } from "../../../components/fleet/lock";
import type { Inventory } from "../../../components/fleet/schema";
import { filesBeside, type StackFiles } from "../../../components/fleet/stack";
import { ipv4 } from "../../../components/fleet/zod-net";
import { label } from "../../../components/node/schema";
import { openStack, textFlag, type Context } from "../context";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { readIfThere, updateLock, writeWhole } from "../files";
import { findKey } from "../host-key";
import { flowEntry, insertNode, type NodeLine } from "../inventory-text";
import { askMachine, machineProblems, proposeHardware, type Machine } from "../machine";
import { formatMemory } from "../output";
import { agentProblem } from "../ssh";
import { filesOf, nodeNames } from "../stacks";

/** What is asked for on the command line. */
interface Wanted {
    readonly node: string;
    readonly address: string;
    readonly user?: string;
    readonly port?: number;
    readonly location?: string;
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
    const target = { node: wanted.node, address: wanted.address, port: entry?.port ?? 22 };
    const agent = await agentProblem();
    if (agent !== undefined) throw new Failure(agent);
    const key = await findKey(context, target, files.knownHosts);
    const machine = await askMachine({ ...target, user }, key);
    const problems = machineProblems(machine, user, Date.now() / 1000);
    if (problems.length > 0) throw new Failure(problems.map((problem) => `${wanted.node}: ${problem}`).join("\n"));
    const hardware = proposeHardware(machine);
    out.say(`  ${machineWords(machine, user)}`);
    write(stack, files, wanted.node, key, draft.isNew ? lineOf(wanted, hardware) : undefined);
    out.say(doneWords(files, wanted, draft.isNew ? lineOf(wanted, hardware) : undefined));
    out.result({ stack, node: wanted.node, address: wanted.address, fingerprint: fingerprint(key), hardware, machine });
    return exitCodes.done;
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
    const [user, location, port] = [
        textFlag(context, "user"),
        textFlag(context, "location"),
        textFlag(context, "port"),
    ];
    if (port !== undefined && !/^[1-9]\d{0,4}$/.test(port)) throw new Refusal(`--port takes a number, not "${port}".`);
    return {
        node,
        address,
        ...(user === undefined ? {} : { user }),
        ...(location === undefined ? {} : { location }),
        ...(port === undefined ? {} : { port: Number(port) }),
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
    const found = { ...entry, port: entry?.port ?? 22, user: entry?.user ?? inventory.ssh.user };
    const keys = ["address", "user", "port", "location"] as const;
    const differs = keys.filter((key) => wanted[key] !== undefined && wanted[key] !== found[key]);
    if (differs.length === 0) return { inventory, isNew: false };
    throw new Refusal(
        `${wanted.node} is in ${shown(files.inventory)} already, with another ${differs.join(" and ")}. Change its line there, then run this again.`,
    );
}

function lineOf({ address, user, port, location }: Wanted, hardware: string): NodeLine {
    return {
        hardware,
        address,
        ...(location === undefined ? {} : { location }),
        ...(user === undefined ? {} : { user }),
        ...(port === undefined || port === 22 ? {} : { port }),
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
