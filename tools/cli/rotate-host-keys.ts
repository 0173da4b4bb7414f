import { requireComplete } from "../../components/fleet/complete";
import { fingerprint } from "../../components/fleet/known-hosts";
import { planFleet } from "../../components/fleet/plan";
import { loadWithState, quietly, type Context } from "./context";
import { withDoors } from "./doors";
import { requireFreeStack } from "./engine-lock";
import { exitCodes, type ExitCode } from "./failure";
import { turnHostKey } from "./host-key-turn";
import { offlineWords, selectNodes } from "./nodes";
import { formatSeconds } from "./output";
import { requireAnswers } from "./pins";
import { settleCards } from "./settle";
import { requireAgent } from "./ssh";
import { run as runUp } from "./verbs/up";

/**
 * `./fleet rotate host-keys [NODE…]`: every node makes itself a new SSH host key, one after the other, each proven by a
 * connection that accepts nothing else. Then `up` notes the new pins in what the engine has recorded.
 */
export async function rotateHostKeys(context: Context, names: readonly string[]): Promise<ExitCode> {
    const { root, out } = context;
    const read = await loadWithState(context);
    requireComplete(read);
    requireFreeStack(root, read.name);
    await requireAgent();
    const stack = await settleCards(context, read);
    const plan = await withDoors(planFleet(stack));
    const asked = selectNodes(plan, names);
    for (const words of asked.flatMap(offlineWords)) out.say(`  ${words}`);
    const nodes = asked.filter(({ offline, leaving }) => offline === undefined && !leaving);
    const closing = "Nothing was changed. Name the nodes that answer: ./fleet rotate host-keys NODE…";
    await requireAnswers(stack, nodes, closing);
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
    return runUp(quietly(context, done));
}
