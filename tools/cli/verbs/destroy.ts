import { rmSync } from "node:fs";
import { program } from "../../../components/converge/command";
import { listOf } from "../../../components/fleet/errors";
import { planFleet, type NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { loadStack, textFlag, type Context } from "../context";
import { EventReader, type RunResult } from "../events";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { loginOf } from "../nodes";
import { requirePins } from "../pins";
import { describe, probeAll, type Probe } from "../probe";
import { ask, canAsk } from "../prompt";
import { pulumi, requireFreeStack } from "../pulumi";
import { agentProblem, sshRun } from "../ssh";

/** Milliseconds a node may take to take everything off: packages are removed one after the other. */
const patience = 600_000;

/** What became of a node: `released` with what stays on it, or why not. */
interface Released {
    readonly node: string;
    readonly released: boolean;
    readonly words: readonly string[];
}

/** `./fleet destroy`: takes everything off the nodes that answer, then forgets them. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, out, args } = context;
    const stack = loadStack(context);
    requireFreeStack(root, stack.name);
    const nodes = Object.values(planFleet(stack).nodes);
    const forget = args.flags["forget"] === true;
    out.say(warning(nodes, forget));
    await confirm(context, stack.name);
    const agent = await agentProblem();
    if (agent !== undefined) throw new Failure(agent);
    const probes = await probeAll(nodes.map(({ name, address, port }) => ({ node: name, address, port })));
    requirePins(stack, probes);
    const released = await Promise.all(nodes.map((node, i) => release(stack, node, probes[i])));
    for (const { node, words } of released) out.say(words.map((line) => `  ${node}: ${line}`).join("\n"));
    const left = released.filter((node) => !node.released).map(({ node }) => node);
    const gone = released.filter((node) => node.released).map(({ node }) => node);
    const result = await forgetNodes(context, stack, left.length === 0 || forget ? undefined : gone);
    const well = (left.length === 0 || forget) && result.failed.size === 0 && result.errors.length === 0;
    out.say(closing(stack, left, forget, result));
    out.result({ stack: stack.name, ok: well, released, forgotten: result.changed.size, errors: result.errors });
    return well ? exitCodes.done : exitCodes.failed;
}

function warning(nodes: readonly NodePlan[], forget: boolean): string {
    const names = nodes.map(({ name }) => name).join(", ");
    return [
        `This takes off ${names} what the fleet put there (services, files, users, packages it brought), and then`,
        "forgets the nodes with their keys and passwords. Data directories stay on the nodes and are listed.",
        forget
            ? "--forget: a node that does not answer is forgotten as it is: nothing is taken off it."
            : "A node that does not answer is neither cleaned nor forgotten (--forget forgets it all the same).",
    ].join("\n");
}

/** @throws Refusal when the name that was given is not the fleet's */
async function confirm(context: Context, name: string): Promise<void> {
    const given = textFlag(context, "yes-destroy") ?? (await askName(name));
    if (given.trim() !== name) throw new Refusal(`"${given.trim()}" is not ${name}. Nothing was done.`);
}

async function askName(name: string): Promise<string> {
    if (!canAsk()) throw new Refusal(`There is no terminal to ask on. Give --yes-destroy ${name}.`);
    return ask("Type the fleet's name to go on: ");
}

async function release(stack: Stack, node: NodePlan, found: Probe | undefined): Promise<Released> {
    if (found?.finding.state !== "answers" || node.hostKey === "") {
        const words = found === undefined || node.hostKey === "" ? "has no pinned host key" : describe(found);
        return { node: node.name, released: false, words: [words] };
    }
    const sudo = node.user === "root" ? "" : "sudo -n ";
    // A node that nothing was ever applied to has no program, and nothing to take off.
    const command = `${sudo}sh -c 'test ! -e ${program} || exec python3 -I ${program} release'`;
    const { code, stdout, stderr } = await sshRun(loginOf(stack, node), command, "", patience);
    const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "");
    if (code === 0)
        return { node: node.name, released: true, words: lines.length === 0 ? ["nothing was on it"] : lines };
    return { node: node.name, released: false, words: lines.length === 0 ? [`release ended with ${code}`] : lines };
}

/** Lets the engine forget everything, or only the nodes that are named; nothing is dialled. */
async function forgetNodes({ root }: Context, stack: Stack, only: readonly string[] | undefined): Promise<RunResult> {
    const reader = new EventReader();
    if (only?.length === 0) return reader.result;
    const targets = (only ?? []).flatMap((node) => ["--target", `** on ${node}`]);
    const dependents = only === undefined ? [] : ["--target-dependents"];
    const args = ["destroy", "--yes", "--skip-preview", "--continue-on-error", "--json", "--non-interactive"];
    const { code, stderr } = await pulumi(root, stack.name, [...args, ...targets, ...dependents], {
        onLine: (line) => void reader.read(line),
    });
    if (only === undefined && code === 0) rmSync(stack.files.ca, { force: true });
    const { result } = reader;
    return code === 0 || result.errors.length > 0 ? result : { ...result, errors: [stderr.trim()] };
}

function closing(stack: Stack, left: readonly string[], forget: boolean, result: RunResult): string {
    const errors = [...result.errors, ...[...result.failed].map(([name, cause]) => `${name}: ${cause.join(" ")}`)];
    if (errors.length > 0) return `Not everything could be forgotten:\n  ${errors.join("\n  ")}`;
    if (left.length > 0 && !forget)
        return `${listOf(left)} could not be cleaned and is still known. Run destroy again when it answers.`;
    return [
        `Fleet ${stack.name} is taken down: ${result.changed.size} resources forgotten.`,
        `Kept here: inventory, host keys, lock, passphrase (stacks/${stack.name}.*), Pulumi.${stack.name}.yaml and the empty stack in .state.`,
    ].join("\n");
}
