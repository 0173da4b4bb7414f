import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { requireComplete } from "../../../components/fleet/complete";
import { planFleet, type FleetPlan, type NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { requireRoads } from "../roads";
import { loadStack, type Context } from "../context";
import { EventReader, type RunResult } from "../events";
import { exitCodes, Failure, type ExitCode } from "../failure";
import { selectNodes } from "../nodes";
import { probeAll } from "../probe";
import { Progress } from "../progress";
import { pulumi, requireFreeStack } from "../pulumi";
import { requirePins } from "../pins";
import { agentProblem } from "../ssh";
import { curlLine, reportNodes, succeeded, summaryText, type Summary } from "../summary";

/** `./fleet up [NODE…]`: looks who answers, applies, and says what became of every node. */
export async function run(context: Context): Promise<ExitCode> {
    const start = performance.now();
    const { root, out } = context;
    const stack = loadStack(context);
    requireComplete(stack);
    const plan = planFleet(stack);
    const nodes = selectNodes(plan, context.args.positionals);
    requireFreeStack(root, stack.name);
    const [probes, agent] = await Promise.all([probeTargets(nodes), agentProblem(), requireRoads(stack, nodes)]);
    if (agent !== undefined) throw new Failure(agent);
    requirePins(stack, probes);
    const silent = probes.filter(({ finding }) => finding.state !== "answers").map(({ node }) => node);
    for (const node of silent) out.say(`  ${node} does not answer; going on without it.`);
    const result = await apply(context, stack, excludes(plan, nodes), new Progress(out, silent));
    writeCa(stack, result.outputs["ca"]);
    const summary: Summary = {
        stack: stack.name,
        nodes: reportNodes(nodes, probes, result),
        urls: plan.urls,
        changed: result.changed.size,
        unchanged: result.unchanged.size,
        errors: result.errors,
        took: performance.now() - start,
    };
    out.say(summaryText(summary));
    out.result({ ok: succeeded(summary), ...summary, curl: curlLine(plan.urls) });
    return succeeded(summary) ? exitCodes.done : exitCodes.failed;
}

function probeTargets(nodes: readonly NodePlan[]): ReturnType<typeof probeAll> {
    return probeAll(nodes.map(({ name, address, port }) => ({ node: name, address, port })));
}

/** Nodes that were not asked for are left out by the names of their commands, `ROLE on NODE`. */
function excludes(plan: FleetPlan, nodes: readonly NodePlan[]): string[] {
    const left = Object.keys(plan.nodes).filter((name) => !nodes.some((node) => node.name === name));
    return left.flatMap((name) => ["--exclude", `** on ${name}`]);
}

async function apply(
    { root }: Context,
    stack: Stack,
    exclude: readonly string[],
    progress: Progress,
): Promise<RunResult> {
    const args = ["up", "--yes", "--skip-preview", "--continue-on-error", "--json", "--non-interactive", ...exclude];
    const reader = new EventReader();
    const { code, stderr } = await pulumi(root, stack.name, args, {
        onLine: (line) => {
            progress.show(reader.read(line));
        },
    });
    progress.stop();
    const { result } = reader;
    if (code === 0 || result.failed.size > 0 || result.errors.length > 0) return result;
    return { ...result, errors: [stderr.trim() === "" ? `pulumi ended with ${code}.` : stderr.trim()] };
}

function writeCa(stack: Stack, ca: unknown): void {
    if (typeof ca !== "string" || !ca.startsWith("-----BEGIN CERTIFICATE-----")) return;
    const { ca: file } = stack.files;
    if (!existsSync(file) || readFileSync(file, "utf8") !== ca) writeFileSync(file, ca);
}
