import type { Lock } from "../../components/fleet/lock";
import type { FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { withNextKey, type Turn } from "../../components/mesh/turn";
import type { Context } from "./context";
import { apply } from "./engine";
import type { RunResult } from "./events";
import { updateLock } from "./files";
import { pairPatience, waitForPairs, type Pair } from "./mesh-pairs";
import { Progress } from "./progress";
import type { Output } from "./output";

/** What a turn needs to know. */
export interface Rotation {
    readonly context: Context;
    readonly stack: Stack;
    readonly plan: FleetPlan;
    /** The nodes of the mesh that answer. */
    readonly meshed: readonly string[];
    /** Pairs that answered before anything was changed. */
    readonly before: ReadonlySet<Pair>;
}

/** How a node's turn ended: with the milliseconds until every pair answered, or with why it went back. */
export type TurnResult = { readonly took: number } | { readonly cause: string };

/** A node's turn whose peers know its next key: the node takes it, and every pair that answered before has to answer. */
export async function takeKey(rotation: Rotation, node: string): Promise<TurnResult> {
    const start = performance.now();
    const failed = await step(rotation, withTurn({ node, phase: "switch" }));
    if (failed !== undefined) return { cause: failed };
    const silent = await silentPairs(rotation);
    if (silent.length > 0) return { cause: `${silent.join(", ")} did not answer within ${pairPatience / 1000} s` };
    return { took: performance.now() - start };
}

/** Has the peers of a node learn its next key; `over` names the node whose turn this ends. Gives the cause of a failure. */
export function prepare(rotation: Rotation, node: string, over: string | undefined): Promise<string | undefined> {
    return step(rotation, (lock) => withTurn({ node, phase: "prepare" })(ended(lock, over)));
}

/** Ends the turn of a node that has its next key: its peers forget the one before. */
export function end(rotation: Rotation, over: string): Promise<string | undefined> {
    return step(rotation, (lock) => ended(lock, over));
}

/** Goes back: the key in use stays, and the next one is forgotten by all. */
export function abandon(rotation: Pick<Rotation, "context" | "stack">): Promise<string | undefined> {
    return step(rotation, withoutTurn);
}

/** Pairs that answered before and do not now. */
export function silentPairs({ stack, plan, meshed, before }: Rotation): Promise<Pair[]> {
    return waitForPairs(stack, plan, meshed, before);
}

function withTurn(turn: Turn): (lock: Lock) => Lock {
    return (lock) => ({ ...lock, turn });
}

function withoutTurn(lock: Lock): Lock {
    const rest = { ...lock };
    delete rest.turn;
    return rest;
}

function ended(turning: Lock, over: string | undefined): Lock {
    const lock = withoutTurn(turning);
    if (over === undefined) return lock;
    return { ...lock, generations: withNextKey(over, lock.generations) };
}

/** Writes the lock and has the engine make it so; gives the cause when something failed. */
async function step(
    { context, stack }: Pick<Rotation, "context" | "stack">,
    change: (lock: Lock) => Lock,
): Promise<string | undefined> {
    updateLock(stack.files.lock, change);
    const progress = new Progress(quiet, [], () => Promise.resolve(undefined));
    try {
        return causeOf(await apply(context, stack, { forecast: "resources", again: [] }, [], progress));
    } finally {
        progress.stop();
    }
}

/** A turn has a line of its own; what goes on inside is told when it fails. */
const quiet: Output = { say: () => undefined, warn: () => undefined, result: () => undefined };

function causeOf({ failed, errors }: RunResult): string | undefined {
    const [first] = failed;
    if (first !== undefined) return `${first[0]}: ${first[1].join("; ")}`;
    return errors[0];
}
