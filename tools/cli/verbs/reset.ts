import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { loadInventory } from "../../../components/fleet/load";
import type { NodePlan } from "../../../components/fleet/plan";
import { filesBeside, type Stack } from "../../../components/fleet/stack";
import { confirmFleet } from "../confirm";
import { loadWithState, type Context } from "../context";
import { targetOf, withDoors } from "../doors";
import { requireFreeStack } from "../engine-lock";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { writeWhole } from "../files";
import { writeInEntry } from "../node-entry";
import { selectNodes } from "../nodes";
import { requirePins } from "../pins";
import { planOf } from "../planned";
import { describe, probe } from "../probe";
import { release, releasedText } from "../release";
import { requireAgent } from "../ssh";

/** `./fleet reset NODE`: takes everything of ours off one machine; the next `up` sends everything again. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, out, args } = context;
    const stack = await loadWithState(context);
    const [node] = selectNodes(await withDoors(planOf(stack)), args.positionals);
    if (node === undefined) throw new Refusal("Which node? ./fleet reset NODE");
    if (node.leaving) throw new Refusal(`${node.name} is leaving: \`./fleet up\` takes everything off it.`);
    requireFreeStack(root, stack.name);
    out.say(warning(node));
    await confirmFleet(context, stack.name, "yes-destroy");
    await requireAgent();
    const found = await probe(targetOf(node));
    requirePins(stack, [found]);
    if (found.finding.state !== "answers") throw new Failure(`${node.name} ${describe(found)}. Nothing was done.`);
    // Before it is released: a run that is cut off in between is healed by the next `up`, the other way round by nobody.
    const incarnation = raise(stack, node);
    const released = await release(stack, node, found);
    out.say(releasedText(released));
    out.say(closing(stack, node, incarnation, released.released));
    out.result({ stack: stack.name, ok: released.released, ...released, incarnation });
    return released.released ? exitCodes.done : exitCodes.failed;
}

function warning({ name }: NodePlan): string {
    return [
        `This takes off ${name} what the fleet put there (services, files, users, packages it brought). What runs there stops`,
        "until the next `./fleet up` sends everything again. Data directories stay on it and are listed.",
    ].join("\n");
}

/** Raises the node's incarnation in the inventory, which makes the engine send everything again; gives the new one. */
function raise(stack: Stack, { name, incarnation }: NodePlan): number {
    const file = stack.files.inventory;
    const text = writeInEntry(readFileSync(file, "utf8"), name, "incarnation", incarnation + 1);
    // Never write what could not be read back.
    loadInventory(stack.name, shown(file), text, { read: filesBeside(file) });
    writeWhole(file, text);
    return incarnation + 1;
}

function closing(stack: Stack, { name }: NodePlan, incarnation: number, released: boolean): string {
    const noted = `its incarnation is ${incarnation} now in ${shown(stack.files.inventory)}`;
    return released
        ? `${name} is released, and ${noted}: the next \`./fleet up\` sends everything again.`
        : `${name} could not be released. Mend that and run reset again. (${noted}: an \`up\` sends everything again.)`;
}

function shown(file: string): string {
    return relative(process.cwd(), file) || file;
}
