import { requireComplete } from "../../components/fleet/complete";
import { fingerprint } from "../../components/fleet/known-hosts";
import { planFleet, type NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { loadStack, type Context } from "./context";
import { targetOf, withDoors } from "./doors";
import { exitCodes, Failure, type ExitCode } from "./failure";
import { turnHostKey } from "./host-key-turn";
import { offlineWords, selectNodes } from "./nodes";
import { formatSeconds } from "./output";
import { requirePins } from "./pins";
import { describe, probeAll } from "./probe";
import { requireFreeStack } from "./pulumi";
import { settleCards } from "./settle";
import { agentProblem } from "./ssh";
import { run as runUp } from "./verbs/up";

/**
 * `./fleet rotate host-keys [NODE…]`: every node makes itself a new SSH host key, one after the other, each proven by a
 * connection that accepts nothing else. Then `up` notes the new pins in what the engine has recorded.
 */
export async function rotateHostKeys(context: Context, names: readonly string[]): Promise<ExitCode> {
    const { root, out } = context;
    const read = loadStack(context);
    requireComplete(read);
    requireFreeStack(root, read.name);
    const agent = await agentProblem();
    if (agent !== undefined) throw new Failure(agent);
    const stack = await settleCards(context, read);
    const plan = await withDoors(planFleet(stack));
    const asked = selectNodes(plan, names);
    for (const words of asked.flatMap(offlineWords)) out.say(`  ${words}`);
    const nodes = asked.filter(({ offline, leaving }) => offline === undefined && !leaving);
    await requireAnswers(stack, nodes);
    const done: string[] = [];
    for (const { name } of nodes) {
        const start = performance.now();
        const turn = await turnHostKey(stack, name);
        if ("cause" in turn) {
            out.warn(`  ${name} keeps its host key: ${turn.cause}. It is as it was.`);
            break;
        }
        const took = formatSeconds(performance.now() - start);
        out.say(`  ${name}  new host key ${fingerprint(turn.key)}, seen by a fresh connection after ${took}`);
        done.push(name);
    }
    const ended = await note(context, done);
    out.result({ stack: stack.name, ok: done.length === nodes.length && ended === exitCodes.done, rotated: done });
    return done.length === nodes.length ? ended : exitCodes.failed;
}

/** The engine's commands name the pin they hold to: each is sent once more, finds nothing to do, and has the new one. */
async function note(context: Context, done: readonly string[]): Promise<ExitCode> {
    if (done.length === 0) return exitCodes.done;
    const quiet = { ...context.out, result: () => undefined };
    return runUp({ ...context, out: quiet, args: { ...context.args, positionals: done } });
}

/** @throws Failure with every node that cannot have its turn; nothing was changed by then */
async function requireAnswers(stack: Stack, nodes: readonly NodePlan[]): Promise<void> {
    const probes = await probeAll(nodes.map(targetOf));
    requirePins(stack, probes);
    const silent = probes.filter(({ finding }) => finding.state !== "answers");
    if (silent.length === 0) return;
    const words = silent.map((probe) => `${probe.node} ${describe(probe)}`).join("\n");
    throw new Failure(`${words}\nNothing was changed. Name the nodes that answer: ./fleet rotate host-keys NODE…`);
}
