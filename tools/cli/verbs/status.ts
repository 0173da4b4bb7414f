import { planFleet, type NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { loadStack, type Context } from "../context";
import { targetOf, withDoors } from "../doors";
import { exitCodes, type ExitCode } from "../failure";
import { loginOf, selectNodes } from "../nodes";
import { wrongKeys } from "../pins";
import { describe, probeAll, type Probe } from "../probe";
import { sshRun } from "../ssh";
import { asksRoot, isWell, parseNodeStatus, statusText, type NodeStatus } from "../status-text";

/** Milliseconds a reachable node may take to say how it is. */
const patience = 15_000;

/** `./fleet status [NODE…]`: who answers, and how those are that do. */
export async function run(context: Context): Promise<ExitCode> {
    const stack = loadStack(context);
    const plan = await withDoors(planFleet(stack));
    const nodes = selectNodes(plan, context.args.positionals);
    const probes = await probeAll(nodes.filter(({ offline }) => offline === undefined).map(targetOf));
    const wrong = wrongKeys(stack, probes);
    const found = await Promise.all(
        nodes.map((node) => {
            const found = probes.find((probe) => probe.node === node.name);
            return look(stack, node, found, wrong.get(node.name));
        }),
    );
    context.out.say(statusText(found));
    context.out.result({ stack: stack.name, ok: found.every(isWell), nodes: found });
    return found.every(isWell) ? exitCodes.done : exitCodes.failed;
}

async function look(
    stack: Stack,
    node: NodePlan,
    found: Probe | undefined,
    mistrust: string | undefined,
): Promise<NodeStatus> {
    const { name, offline } = node;
    if (offline !== undefined) return { node: name, state: "offline", words: `since ${offline}; not dialled` };
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
