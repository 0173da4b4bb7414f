import { planFleet, type NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { loadStack, type Context } from "../context";
import { exitCodes, type ExitCode } from "../failure";
import { loginOf, selectNodes } from "../nodes";
import { wrongKeys } from "../pins";
import { describe, probeAll, type Probe } from "../probe";
import { strangers } from "../rented";
import { sshRun } from "../ssh";
import { asksRoot, isWell, parseNodeStatus, statusText, type NodeStatus } from "../status-text";

/** Milliseconds a reachable node may take to say how it is. */
const patience = 15_000;

/** `./fleet status [NODE…]`: who answers, and how those are that do. */
export async function run(context: Context): Promise<ExitCode> {
    const stack = loadStack(context);
    const plan = planFleet(stack);
    const nodes = selectNodes(plan, context.args.positionals);
    const probes = await probeAll(nodes.map(({ name, address, port }) => ({ node: name, address, port })));
    const wrong = wrongKeys(stack, probes);
    const found = await Promise.all(nodes.map((node, i) => look(stack, node, probes[i], wrong.get(node.name))));
    context.out.say(statusText(found));
    for (const words of await strangers(context, stack, plan)) context.out.warn(words);
    context.out.result({ stack: stack.name, ok: found.every(isWell), nodes: found });
    return found.every(isWell) ? exitCodes.done : exitCodes.failed;
}

async function look(
    stack: Stack,
    node: NodePlan,
    found: Probe | undefined,
    mistrust: string | undefined,
): Promise<NodeStatus> {
    if (mistrust !== undefined) return { node: node.name, state: "wrong key", words: mistrust };
    const words = found === undefined ? "" : describe(found);
    if (found?.finding.state !== "answers") return { node: node.name, state: "no answer", words };
    if (node.hostKey === "") {
        return {
            node: node.name,
            state: "failed",
            words: `no pinned host key: ./fleet add ${node.name} ${node.address}`,
        };
    }
    const { code, stdout, stderr } = await sshRun(loginOf(stack, node), asksRoot(node.user), "", patience);
    return parseNodeStatus(node, words, { code, stdout, stderr });
}
