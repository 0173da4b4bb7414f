import { requireComplete } from "../../components/fleet/complete";
import { planFleet, type FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { count } from "../../components/fleet/words";
import { loadWithState, type Context } from "./context";
import { withDoors } from "./doors";
import { lookAhead } from "./engine";
import { requireFreeStack } from "./engine-lock";
import { exitCodes, Failure, Refusal, type ExitCode } from "./failure";
import { answeringPairs } from "./mesh-pairs";
import { selectNodes } from "./nodes";
import { formatSeconds } from "./output";
import { requireAnswers } from "./pins";
import { requireRoads } from "./roads";
import { requireAgent } from "./ssh";
import { abandon, end, prepare, silentPairs, takeKey, type Rotation } from "./turns";

/** `./fleet rotate mesh [NODE…]`: new WireGuard keys, one node after the other, each pair proven before the next turn. */
export async function rotateMesh(context: Context, names: readonly string[]): Promise<ExitCode> {
    const stack = await loadWithState(context);
    requireComplete(stack);
    requireFreeStack(context.root, stack.name);
    const nodes = meshNodes(stack, names);
    const plan = await withDoors(planFleet(stack));
    await requireAll(stack, plan);
    await goBackFirst(context, stack);
    await requireSettled(context, stack);
    const rotation = await look(context, stack, plan);
    const done = await turns(rotation, nodes);
    context.out.say(
        `New keys: ${done.length === 0 ? "none" : done.join(", ")}. Their generations are in ${stack.name}.lock.yaml; commit it.`,
    );
    context.out.result({ stack: stack.name, ok: done.length === nodes.length, rotated: done });
    return done.length === nodes.length ? exitCodes.done : exitCodes.failed;
}

/** The turns, one after the other; the end of one and the beginning of the next are one run. Gives who has a new key. */
async function turns(rotation: Rotation, nodes: readonly string[]): Promise<string[]> {
    const { out } = rotation.context;
    const done: string[] = [];
    for (const node of nodes) {
        const unprepared = await prepare(rotation, node, done.at(-1));
        const result = unprepared === undefined ? await takeKey(rotation, node) : { cause: unprepared };
        if ("cause" in result) {
            out.warn(`  ${node} keeps its key: ${result.cause}`);
            await restore(rotation, node);
            return done;
        }
        out.say(
            `  ${node}  new key; ${count(rotation.before.size, "pair")} answer again after ${formatSeconds(result.took)}`,
        );
        done.push(node);
    }
    const last = done.at(-1);
    const failed = last === undefined ? undefined : await end(rotation, last);
    if (failed !== undefined) throw new Failure(`The last turn could not be ended: ${failed}. \`./fleet up\` ends it.`);
    return done;
}

/** Puts the key back that a node had; a node that cut itself off has gone back by itself within its window. */
async function restore(rotation: Rotation, node: string): Promise<void> {
    const failed = await abandon(rotation);
    const silent = await silentPairs(rotation);
    if (failed !== undefined)
        throw new Failure(`${node} could not be put back: ${failed}. Mend that, then \`./fleet up\`.`);
    if (silent.length > 0) throw new Failure(`After going back these pairs do not answer: ${silent.join(", ")}.`);
    rotation.context.out.say(`  ${node} is as it was, and every pair answers.`);
}

function meshNodes(stack: Stack, names: readonly string[]): string[] {
    const meshed = Object.keys(stack.design.mesh).filter((name) => stack.inventory.nodes[name]?.offline === undefined);
    if (meshed.length === 0) throw new Refusal("There is no mesh in a fleet of one node.");
    const asked = selectNodes(planFleet(stack), names).map(({ name }) => name);
    return asked.filter((name) => meshed.includes(name));
}

/** A node that misses a change of keys cannot talk to those that changed: all have to be there. */
async function requireAll(stack: Stack, plan: FleetPlan): Promise<void> {
    const nodes = Object.values(plan.nodes).filter(({ offline }) => offline === undefined);
    await requireAgent();
    await requireRoads(stack, nodes);
    const closing =
        "Nothing was changed: a node that misses the change of a key cannot talk to those that have a new one. Bring it back, or write `offline:` at it.";
    await requireAnswers(stack, nodes, closing);
}

/** A rotation that was cut off in the middle: its node keeps the key it had. */
async function goBackFirst(context: Context, stack: Stack): Promise<void> {
    const { turn } = stack.lock;
    if (turn === undefined) return;
    context.out.say(`  The turn of ${turn.node} was cut off in the middle; it goes back first.`);
    const failed = await abandon({ context, stack });
    if (failed !== undefined) throw new Failure(`It could not go back: ${failed}`);
}

/** @throws Failure when an `up` would change something: a turn has to be the only thing that changes */
async function requireSettled(context: Context, stack: Stack): Promise<void> {
    const { forecast, result } = await lookAhead(context, stack, []);
    if (result.errors.length > 0) throw new Failure(result.errors.join("\n"));
    if (forecast !== "nothing") throw new Failure("There are changes that wait. Run `./fleet up` first.");
}

async function look(context: Context, stack: Stack, plan: FleetPlan): Promise<Rotation> {
    const meshed = Object.keys(stack.design.mesh);
    const before = await answeringPairs(stack, plan, meshed);
    if (before.size === 0)
        throw new Failure(
            "No pair of nodes answers through the mesh: nothing could be proven. `./fleet status` says why.",
        );
    context.out.say(
        `  ${before.size} of ${meshed.length * (meshed.length - 1)} pairs answer; those have to answer after each turn.`,
    );
    return { context, stack, plan, meshed, before };
}
