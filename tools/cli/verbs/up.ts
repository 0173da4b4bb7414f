import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { requireComplete } from "../../../components/fleet/complete";
import { withoutRoads } from "../../../components/fleet/lock";
import { planFleet, type FleetPlan, type NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { copyCertificates } from "../certificates";
import { loadWithState, type Context } from "../context";
import { effectLines } from "../effects";
import { apply, isSettled, lookAhead, type Ahead } from "../engine";
import { roleOnNode, type RunResult } from "../events";
import { targetOf, withDoors } from "../doors";
import { requireFreeStack } from "../engine-lock";
import { exitCodes, type ExitCode } from "../failure";
import { updateLock } from "../files";
import { Holders } from "../holders";
import { leavingWords, leftNodes, leftText } from "../leaving-text";
import { offlineWords, selectNodes } from "../nodes";
import { clearCutOff } from "../pending";
import { withoutStrangers, wrongKeys } from "../pins";
import { answering, probeAll, type Probe } from "../probe";
import { Progress } from "../progress";
import { restartAllowed } from "../reboots-allowed";
import { heldBack, settleRented, withoutDroplet } from "../rented";
import { reportNodes } from "../reports";
import { requireRoads } from "../roads";
import { settleCards } from "../settle";
import { requireAgent } from "../ssh";
import { curlLine, succeeded, summaryText, type Summary } from "../summary";

/** `./fleet up [NODE…]`: looks who answers and what is to do, applies, and says what became of every node. */
export async function run(context: Context): Promise<ExitCode> {
    const start = performance.now();
    const { root, out } = context;
    const stack = await settleCards(context, await loadWithState(context));
    requireComplete(stack);
    const plan = await withDoors(planFleet(stack));
    const nodes = selectNodes(plan, context.args.positionals);
    requireFreeStack(root, stack.name);
    await clearCutOff(context, stack.name);
    for (const words of [...leavingWords(stack), ...nodes.flatMap(offlineWords)]) out.say(`  ${words}`);
    for (const line of await effectLines(context, stack.name, plan, nodes)) out.say(line);
    const held = await heldBack(context, stack, plan);
    const heldNodes = [...held.keys()];
    const exclude = [...excludes(plan, nodes), ...heldNodes.flatMap(withoutDroplet)];
    // No node is needed to look ahead: both at once.
    const dialled = nodes.filter(({ offline }) => offline === undefined);
    const [probes, ahead] = await Promise.all([look(context, stack, dialled), lookAhead(context, stack, exclude)]);
    const result = withoutNodes(await runEngine(context, stack, dialled, probes, ahead, exclude), heldNodes);
    const left = await writeDown(context, stack, plan, nodes, result);
    for (const words of await copyCertificates(stack, answering(dialled, probes))) out.warn(words);
    const found = reportNodes(dialled, probes, result);
    const { reports, failed } = await restartAllowed(context, stack, plan, found);
    const summary: Summary = {
        stack: stack.name,
        nodes: reports,
        urls: plan.urls,
        changed: result.changed.size,
        unchanged: result.unchanged.size,
        errors: [...result.errors, ...elsewhere(result), ...failed, ...heldWords(held)],
        farewells: leftText(stack, left),
        took: performance.now() - start,
    };
    out.say(summaryText(summary));
    const ran = isSettled(ahead) ? "nothing" : ahead.forecast;
    out.result({ ok: succeeded(summary), ...summary, ran, left, curl: curlLine(plan.urls) });
    return succeeded(summary) ? exitCodes.done : exitCodes.failed;
}

/**
 * Looks who answers; a node that shows another host key is named, and counts as one that does not.
 * @throws Failure when nothing may be sent: no agent, a road that is taken
 */
async function look({ out }: Context, stack: Stack, nodes: readonly NodePlan[]): Promise<Probe[]> {
    const [probes] = await Promise.all([
        // A droplet that is still to be made has no address.
        probeAll(nodes.filter(({ address }) => address !== "").map(targetOf)),
        requireAgent(),
        requireRoads(stack, nodes),
    ]);
    const wrong = wrongKeys(stack, probes);
    for (const words of wrong.values()) out.warn(words);
    return withoutStrangers(probes, wrong);
}

function heldWords(held: ReadonlyMap<string, string>): string[] {
    return [...held].map(([node, why]) => `droplet ${node}: ${why}`);
}

/** The engine calls unchanged what it was told to leave out. */
function withoutNodes(result: RunResult, nodes: readonly string[]): RunResult {
    const counts = (resource: string): boolean => !nodes.includes(roleOnNode(resource)?.node ?? "");
    return { ...result, unchanged: new Set([...result.unchanged].filter(counts)) };
}

/** What failed and stands on no node, such as a droplet that cannot be made. */
function elsewhere({ failed }: RunResult): string[] {
    return [...failed].flatMap(([name, causes]) =>
        roleOnNode(name) === undefined ? [`${name}: ${causes.join("\n")}`] : [],
    );
}

async function runEngine(
    context: Context,
    stack: Stack,
    nodes: readonly NodePlan[],
    probes: readonly Probe[],
    ahead: Ahead,
    exclude: readonly string[],
): Promise<RunResult> {
    const { out } = context;
    const silent = probes.filter(({ finding }) => finding.state !== "answers").map(({ node }) => node);
    for (const node of silent) out.say(`  ${node} does not answer; going on without it.`);
    const holders = new Holders(stack, nodes);
    const progress = new Progress(out, silent, (node, roles) => holders.other(node, roles));
    try {
        if (!isSettled(ahead)) return await apply(context, stack, ahead, exclude, progress);
        progress.show(ahead.warnings);
        return ahead.result;
    } finally {
        progress.stop();
    }
}

/** What a run changes in the files of the stack: the CA, the pins of what was rented, no road to who has left. Gives who has. */
async function writeDown(
    context: Context,
    stack: Stack,
    plan: FleetPlan,
    nodes: readonly NodePlan[],
    result: RunResult,
): Promise<string[]> {
    writeCa(stack, result.outputs["ca"]);
    for (const words of await settleRented(context, stack, plan)) context.out.warn(words);
    const asked = nodes.map(({ name }) => name);
    const left = leftNodes(stack, plan, asked, result);
    if (left.length > 0) updateLock(stack.files.lock, (lock) => withoutRoads(lock, left));
    return left;
}

/** Nodes that were not asked for are left out by the names of their commands, `ROLE on NODE`. */
function excludes(plan: FleetPlan, nodes: readonly NodePlan[]): string[] {
    const left = Object.keys(plan.nodes).filter((name) => !nodes.some((node) => node.name === name));
    return left.flatMap((name) => ["--exclude", `** on ${name}`]);
}

function writeCa(stack: Stack, ca: unknown): void {
    if (typeof ca !== "string" || !ca.startsWith("-----BEGIN CERTIFICATE-----")) return;
    const { ca: file } = stack.files;
    if (!existsSync(file) || readFileSync(file, "utf8") !== ca) writeFileSync(file, ca);
}
