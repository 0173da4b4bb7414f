import { asRoot, program } from "../../../components/converge/command";
import type { NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { loadWithState, textFlag, type Context } from "../context";
import { targetOf, withDoors } from "../doors";
import { exitCodes, Refusal, type ExitCode } from "../failure";
import { readAnchors } from "../history-anchors";
import { verify, type Anchor } from "../history-chain";
import { readLog } from "../history-log";
import { historyText, judged, type NodeHistory } from "../history-text";
import { loginOf, selectNodes } from "../nodes";
import { wrongKeys } from "../pins";
import { planOf } from "../planned";
import { describe, probeAll, type Probe } from "../probe";
import type { Finished } from "../process";
import { sshRun } from "../ssh";

/** Milliseconds for a whole log to arrive: 50 MB over a slow line. */
const patience = 120_000;

/** `./fleet history [NODE…]`: who changed what on the nodes, and whether their logs are as they were written. */
export async function run(context: Context): Promise<ExitCode> {
    const last = linesFlag(context);
    const stack = await loadWithState(context);
    const nodes = selectNodes(await withDoors(planOf(stack)), context.args.positionals);
    // First: a line that is written from now on may be in the logs and not in this, but not the other way round.
    const incarnations = Object.fromEntries(nodes.map(({ name, incarnation }) => [name, incarnation]));
    const anchors = await readAnchors(context.root, stack.name, incarnations);
    const probes = await probeAll(nodes.map(targetOf));
    const wrong = wrongKeys(stack, probes);
    const found = await Promise.all(
        nodes.map((node, i) => look(stack, node, probes[i], wrong.get(node.name), anchors.get(node.name) ?? [])),
    );
    const ok = found.every(({ state }) => state === "intact");
    context.out.say(historyText(found, last));
    context.out.result({ stack: stack.name, ok, nodes: found.map((node) => shown(node, last)) });
    return ok ? exitCodes.done : exitCodes.failed;
}

async function look(
    stack: Stack,
    node: NodePlan,
    probe: Probe | undefined,
    mistrust: string | undefined,
    anchors: readonly Anchor[],
): Promise<NodeHistory> {
    if (mistrust !== undefined) return { node: node.name, state: "wrong key", words: mistrust.split("\n") };
    if (probe?.finding.state !== "answers")
        return { node: node.name, state: "no answer", words: [probe === undefined ? "" : describe(probe)] };
    if (node.hostKey === "")
        return {
            node: node.name,
            state: "failed",
            words: [`no pinned host key: ./fleet add ${node.name} ${node.address}`],
        };
    return judge(node.name, await sshRun(loginOf(stack, node), asksRoot(node.user), "", patience), anchors);
}

/** What a node's answer comes to. */
export function judge(node: string, { code, stdout, stderr }: Finished, anchors: readonly Anchor[]): NodeHistory {
    if (code !== 0) return { node, state: "failed", words: [whyNot(code, stderr)] };
    const log = readLog(stdout);
    return judged(node, log, verify(log, anchors));
}

function whyNot(code: number, stderr: string): string {
    const [line = ""] = stderr.trim().split("\n");
    if (line.includes("Permission denied")) return `it refuses the agent's keys: ${line}`;
    if (code === 137) return `its log did not arrive within ${patience / 1000} s`;
    return line === "" ? `reading its log ended with ${code}` : line;
}

/** The command that asks a node for its log, also when nothing of ours but the log is there any more. */
export function asksRoot(user: string): string {
    const log = "/var/log/sovereign-edge/history.jsonl";
    const script = `if [ -e ${program} ]; then exec python3 -I ${program} history; elif [ -e ${log} ]; then exec cat ${log}; fi`;
    return `${asRoot(user)}sh -c '${script}'`;
}

function linesFlag(context: Context): number {
    if (context.args.flags["all"] === true) return Number.MAX_SAFE_INTEGER;
    const lines = textFlag(context, "lines") ?? "20";
    if (!/^[1-9]\d{0,6}$/.test(lines)) throw new Refusal(`--lines takes a number from 1 on, not "${lines}".`);
    return Number(lines);
}

function shown({ node, state, words, log, verdict }: NodeHistory, last: number): Record<string, unknown> {
    const { intact, newer, problems } = verdict ?? {};
    return {
        node,
        state,
        words,
        ...(log === undefined ? {} : { count: log.lines.length, bytes: log.bytes, problems, newer }),
        ...(intact === undefined
            ? {}
            : { intact: { from: intact.from.n, since: intact.from.entry.time, to: intact.to.n } }),
        lines: log?.lines.slice(-last).map(({ n, hash, entry }) => ({ n, hash, ...entry })),
    };
}
