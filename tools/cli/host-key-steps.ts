import { asRoot } from "../../components/converge/command";
import { planFleet, type FleetPlan, type NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { targetOf, withDoors, type Doored } from "./doors";
import { Failure } from "./failure";
import { readIfThere, writeWhole } from "./files";
import { probe, type Target } from "./probe";
import type { Finished } from "./process";
import { sshRunPinned } from "./ssh";

/** Milliseconds for one step on a node; a Pi with a slow card takes its time. */
const patience = 60_000;
/** Milliseconds between two looks which key a node shows. */
const betweenLooks = 300;

/** A node that showed a key, and how it was reached. */
export interface Shows {
    readonly key: string;
    readonly user: string;
    readonly target: Target;
    /** Ends the roads that lead there. */
    readonly close: () => void;
}

/** Which of these keys a node shows, over any of its roads; nothing when it shows none of them or does not answer. */
export async function whoShows(stack: Stack, name: string, keys: readonly string[]): Promise<Shows | undefined> {
    return look(planFleet(stack), name, keys);
}

/** The same for one key, looked for until it is shown or the time is over. */
export async function waitForKey(
    stack: Stack,
    name: string,
    key: string,
    milliseconds: number,
): Promise<Shows | undefined> {
    const end = performance.now() + milliseconds;
    const plan = planFleet(stack);
    for (;;) {
        const shows = await look(plan, name, [key]);
        if (shows !== undefined || performance.now() > end) return shows;
        await new Promise((done) => setTimeout(done, betweenLooks));
    }
}

async function look(plan: FleetPlan, name: string, keys: readonly string[]): Promise<Shows | undefined> {
    const planned = plan.nodes[name];
    if (planned === undefined || planned.address === "") return undefined;
    for (const key of keys) {
        const node = await reachable(plan, { ...planned, hostKey: key });
        const target = targetOf(node);
        const close = (): void => node.door?.close();
        const { finding } = await probe(target);
        if (finding.state === "answers" && finding.key === key) return { key, user: node.user, target, close };
        close();
    }
    return undefined;
}

/** A node of the plan with another pin, and with a door of its own when it can be reached in several ways. */
async function reachable(plan: FleetPlan, node: NodePlan): Promise<Doored> {
    if (node.detours === undefined) return node;
    const { nodes } = await withDoors({ ...plan, nodes: { ...plan.nodes, [node.name]: node } });
    return nodes[node.name] ?? node;
}

/** Runs a script as `stepAsRoot` does, and ends the roads: a node was reached for this one step. */
export async function lastStep(shows: Shows, script: string, what: string): Promise<Finished> {
    try {
        return await stepAsRoot(shows, script, what);
    } finally {
        shows.close();
    }
}

/** Runs a script as root over a fresh connection that accepts the shown key only. @throws Failure with `what` could not be done */
export async function stepAsRoot({ target, user, key }: Shows, script: string, what: string): Promise<Finished> {
    const finished = await sshRunPinned({ ...target, user }, key, `${asRoot(user)}sh -s`, script, patience);
    if (finished.code === 0) return finished;
    const [words = ""] = finished.stderr.trim().split("\n").slice(-1);
    throw new Failure(`${target.node}: ${what}: ${words === "" ? `ssh ended with ${finished.code}` : words}`);
}

/** The public half that a script printed. @throws Failure without one */
export function printedKey(node: string, { stdout }: Finished): string {
    const [key] = /ssh-ed25519 [A-Za-z0-9+/]+={0,2}/.exec(stdout) ?? [];
    if (key === undefined) throw new Failure(`${node} made no host key: ${stdout.trim()}`);
    return key;
}

/** Changes the file with the pins. */
export function changePins({ files }: Stack, edit: (text: string) => string): void {
    writeWhole(files.knownHosts, edit(readIfThere(files.knownHosts) ?? ""));
}
