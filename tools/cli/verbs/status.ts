import { programLine } from "../../../components/converge/command";
import type { NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { copyCertificates } from "../certificates";
import { loadWithState, type Context } from "../context";
import { targetOf, withDoors } from "../doors";
import { exitCodes, type ExitCode } from "../failure";
import { lookAtMesh } from "../mesh-look";
import { movedNodes } from "../moved";
import { loginOf, selectNodes } from "../nodes";
import { pairsText } from "../pairs-text";
import { withoutStrangers, wrongKeys } from "../pins";
import { planOf } from "../planned";
import { answering, describe, probeAll, type Probe } from "../probe";
import { strangers } from "../rented";
import { sshRun } from "../ssh";
import { mixUps } from "../status-facts";
import { isWell, parseNodeStatus, statusText, type NodeStatus } from "../status-text";

/** Milliseconds a reachable node may take to say how it is. */
const patience = 15_000;

/** `./fleet status [NODE…]`: who answers, how those are that do, and who of them reaches whom over the mesh. */
export async function run(context: Context): Promise<ExitCode> {
    const stack = await loadWithState(context);
    const plan = await withDoors(planOf(stack));
    const nodes = selectNodes(plan, context.args.positionals);
    const probes = await probeAll(nodes.filter(({ offline }) => offline === undefined).map(targetOf));
    const wrong = wrongKeys(stack, probes);
    const silent = new Set(probes.filter(({ finding }) => finding.state !== "answers").map(({ node }) => node));
    const offline = nodes.filter((node) => node.offline !== undefined).map(({ name }) => name);
    const found = (node: NodePlan): Probe | undefined => probes.find((probe) => probe.node === node.name);
    const [looks, pairs, unread] = await Promise.all([
        Promise.all(nodes.map((node) => look(stack, node, found(node), wrong.get(node.name)))),
        lookAtMesh(stack, plan.nodes, nodes, new Set([...silent, ...offline, ...wrong.keys()])),
        copyCertificates(stack, answering(nodes, withoutStrangers(probes, wrong))),
    ]);
    const written = Object.values(plan.nodes).map(({ name, address }) => [name, address] as const);
    const all = besideOthers(looks, movedNodes(pairs, Object.fromEntries(written)));
    const ok = all.every(isWell) && pairs.every(({ answers }) => answers);
    context.out.say(statusText(all));
    if (pairs.length > 0) context.out.say(`\n${pairsText(pairs, context.args.flags["pairs"] === true)}`);
    for (const words of [...unread, ...(await strangers(context, stack, plan))]) context.out.warn(words);
    context.out.result({ stack: stack.name, ok, nodes: all, pairs });
    return ok ? exitCodes.done : exitCodes.failed;
}

/** The same with what shows only when nodes are held against each other. @param moved by node */
function besideOthers(found: readonly NodeStatus[], moved: Readonly<Record<string, string>>): NodeStatus[] {
    const reports = found.flatMap(({ node, report }) => (report === undefined ? [] : [[node, report] as const]));
    const notes = mixUps(Object.fromEntries(reports));
    return found.map((status) => {
        const elsewhere = moved[status.node];
        const others = notes[status.node] ?? [];
        return { ...status, mixUps: elsewhere === undefined ? others : [...others, elsewhere] };
    });
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
    const { code, stdout, stderr } = await sshRun(loginOf(stack, node), programLine("status", node.user), "", patience);
    return parseNodeStatus(node, words, { code, stdout, stderr });
}
