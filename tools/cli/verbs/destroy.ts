import { rmSync } from "node:fs";
import { listOf } from "../../../components/fleet/errors";
import type { NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { confirmFleet } from "../confirm";
import { loadWithState, type Context } from "../context";
import { EventReader, type RunResult } from "../events";
import { targetOf, withDoors } from "../doors";
import { requireFreeStack } from "../engine-lock";
import { exitCodes, type ExitCode } from "../failure";
import { withLastWords } from "../forecast";
import { requirePins } from "../pins";
import { planOf } from "../planned";
import { probeAll } from "../probe";
import { pulumi } from "../pulumi";
import { release, releasedText } from "../release";
import { requireAgent } from "../ssh";

/** `./fleet destroy`: takes everything off the nodes that answer, lifts the protection of what is protected, forgets all. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, out, args } = context;
    const stack = await loadWithState(context);
    requireFreeStack(root, stack.name);
    const nodes = Object.values((await withDoors(planOf(stack))).nodes);
    const forget = args.flags["forget"] === true;
    out.say(warning(nodes, forget));
    await confirmFleet(context, stack.name, "yes-destroy");
    await requireAgent();
    const probes = await probeAll(nodes.map(targetOf));
    requirePins(stack, probes);
    const released = await Promise.all(nodes.map((node, i) => release(stack, node, probes[i])));
    for (const node of released) out.say(releasedText(node));
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
    if (nodes.length === 0) return "No node is left in the fleet. This forgets its keys and passwords.";
    return [
        `This takes off ${names} what the fleet put there (services, files, users, packages it brought), and then`,
        "forgets the nodes with their keys and passwords. Data directories stay on the nodes and are listed.",
        forget
            ? "--forget: a node that does not answer is forgotten as it is: nothing is taken off it."
            : "A node that does not answer is neither cleaned nor forgotten (--forget forgets it all the same).",
    ].join("\n");
}

/** Lets the engine forget everything, or only the nodes that are named; nothing is dialled. */
async function forgetNodes({ root }: Context, stack: Stack, only: readonly string[] | undefined): Promise<RunResult> {
    const reader = new EventReader();
    if (only?.length === 0) return reader.result;
    // What is protected is so against a bare `pulumi destroy`; the fleet's name was asked for by now.
    const lifted = only === undefined ? await pulumi(root, stack.name, unprotect) : { code: 0, stderr: "" };
    if (lifted.code !== 0) return withLastWords(reader.result, lifted);
    const targets = (only ?? []).flatMap((node) => ["--target", `** on ${node}`]);
    const dependents = only === undefined ? [] : ["--target-dependents"];
    const args = ["destroy", "--yes", "--skip-preview", "--continue-on-error", "--json", "--non-interactive"];
    const finished = await pulumi(root, stack.name, [...args, ...targets, ...dependents], {
        onLine: (line) => void reader.read(line),
    });
    if (only === undefined && finished.code === 0) rmSync(stack.files.ca, { force: true });
    return withLastWords(reader.result, finished);
}

const unprotect = ["state", "unprotect", "--all", "--yes"];

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
