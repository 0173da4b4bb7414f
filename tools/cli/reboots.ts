import { commandLine, programLine } from "../../components/converge/command";
import { listOf } from "../../components/fleet/errors";
import type { NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { rebootOrder, type Stands } from "../../components/node/boot/turns";
import { targetOf } from "./doors";
import { loginOf } from "./nodes";
import { formatSeconds, type Output } from "./output";
import { describe, probe } from "./probe";
import type { Finished } from "./process";
import { sshRun } from "./ssh";
import { parseNodeStatus, type NodeStatus, type Report } from "./status-text";

/** Milliseconds for a node to say something of itself. */
const patience = 15_000;
/** Milliseconds in which a node is back and well: a slow disk is checked, and a trial is judged for three minutes. */
const backWithin = 600_000;
/** Milliseconds between two looks. */
const betweenLooks = 1_000;

/** What restarting needs of the world. */
export interface Hands {
    readonly look: (node: string) => Promise<NodeStatus>;
    readonly restart: (node: string) => Promise<Finished>;
    readonly sleep: (milliseconds: number) => Promise<void>;
    /** Milliseconds. */
    readonly now: () => number;
    readonly say: (words: string) => void;
}

/** What became of a round of restarts. */
export interface Restarts {
    readonly done: readonly string[];
    /** Why the round ended before its end; nobody is restarted after that. */
    readonly failed?: string;
}

/** The hands that reach nodes over their roads. */
export function handsOf(stack: Stack, nodes: Readonly<Record<string, NodePlan>>, out: Output): Hands {
    const of = (name: string): NodePlan => {
        const node = nodes[name];
        if (node === undefined) throw new Error(`${name} is no node.`);
        return node;
    };
    const run = (node: NodePlan, command: string): Promise<Finished> =>
        sshRun(loginOf(stack, node), command, "", patience);
    return {
        look: async (name) => {
            const node = of(name);
            const found = await probe(targetOf(node));
            if (found.finding.state !== "answers") return { node: name, state: "no answer", words: describe(found) };
            return parseNodeStatus(node, describe(found), await run(node, programLine("status", node.user)));
        },
        restart: (name) => run(of(name), commandLine("reboot", of(name).user)),
        sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
        now: () => performance.now(),
        say: (words) => {
            out.say(words);
        },
    };
}

/**
 * Restarts nodes, each when the one before is back and well, and none whose work nobody does meanwhile: of those that
 * stand in for it one has to answer. Ends at the first that does not come back as it was.
 */
export async function restartInTurn(names: readonly string[], stands: Stands, hands: Hands): Promise<Restarts> {
    const done: string[] = [];
    for (const name of rebootOrder(names, stands)) {
        const failed = (await uncovered(name, stands[name] ?? [], hands)) ?? (await restart(name, hands));
        if (failed !== undefined) return { done, failed };
        done.push(name);
    }
    return { done };
}

async function uncovered(name: string, others: readonly string[], { look }: Hands): Promise<string | undefined> {
    if (others.length === 0) return undefined;
    const found = await Promise.all(others.map(look));
    if (found.some(({ state }) => state === "ok")) return undefined;
    return `${name} was not restarted: while it is away ${listOf(others)} has to do its work, and ${others.length === 1 ? "is" : "none is"} not well. \`./fleet status\` says why.`;
}

/** Restarts one node and waits until it is back as it was. Gives why not. */
async function restart(name: string, hands: Hands): Promise<string | undefined> {
    const before = await hands.look(name);
    const boot = before.report?.reboot?.boot;
    if (before.report === undefined || boot === undefined) return `${name} was not restarted: ${before.words}`;
    const asked = await hands.restart(name);
    // The answer may be lost with the connection; whether it restarts shows.
    if (asked.code !== 0 && asked.code !== 255) return `${name} was not restarted: ${asked.stderr.trim()}`;
    const start = hands.now();
    for (;;) {
        await hands.sleep(betweenLooks);
        const now = await hands.look(name);
        if (isBack(before, now, boot)) {
            const why = wentBack(name, now.report);
            if (why === undefined) hands.say(`  ${name} is back and well after ${formatSeconds(hands.now() - start)}.`);
            return why;
        }
        if (hands.now() - start > backWithin)
            return `${name} is not back as it was ${formatSeconds(backWithin)} after its restart: ${now.words}. No other node was restarted.`;
    }
}

function isBack(before: NodeStatus, { state, report }: NodeStatus, boot: string): boolean {
    if (report?.reboot === undefined || report.reboot.boot === boot || report.reboot.trying) return false;
    if (report.reboot.failed.length > 0) return true;
    const ran = Object.entries(before.report?.units ?? {}).filter(([, { running }]) => running);
    return ran.every(([unit]) => report.units[unit]?.running === true) && (state === "ok" || before.state !== "ok");
}

function wentBack(name: string, report: Report | undefined): string | undefined {
    const [why] = report?.reboot?.failed ?? [];
    if (why === undefined) return undefined;
    return `${name} is back with the boot configuration that it had. Tried: ${why}. \`./fleet reboot ${name}\` tries it again. No other node was restarted.`;
}
