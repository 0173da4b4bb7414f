import { bundleOf, readProgram } from "../converge/bundle";
import { readDroplets } from "../droplet/recorded";
import { planEffects, type Effects } from "./effects";
import { readRecorded } from "./effects-recorded";
import { effectsText } from "./effects-text";
import type { FleetPlan } from "./plan";
import { stateInClone } from "./state-file";

/** Set for the engine by whoever has said the effects already, so that the program does not say them again. */
export const effectsSaid = "SOVEREIGN_EDGE_EFFECTS_SAID";

/**
 * What the plan changes against a state, with the program as the clone has it.
 * @param left nodes that are left out this time
 * @throws SyntaxError when the state is not JSON
 */
export function effectsSince(state: string, plan: FleetPlan, left: readonly string[] = []): Effects {
    const nodes = without(plan.nodes, left);
    const recorded = without(readRecorded(state), left);
    const program = bundleOf(readProgram()).sha256;
    return planEffects(recorded, { ...plan, nodes }, program, readDroplets(state));
}

/** Nodes that are offline and were never told anything: an upload to them would be a new one, and be dialled. */
export function unseenNodes(root: string, plan: FleetPlan): string[] {
    const offline = Object.values(plan.nodes).filter((node) => node.offline !== undefined);
    const state = offline.length === 0 ? undefined : stateInClone(root, plan.fleet);
    if (state === undefined) return [];
    const recorded = readRecorded(state);
    return offline.filter(({ name }) => recorded[name] === undefined).map(({ name }) => name);
}

function without<T>(nodes: Readonly<Record<string, T>>, left: readonly string[]): Record<string, T> {
    return Object.fromEntries(Object.entries(nodes).filter(([name]) => !left.includes(name)));
}

/** Effects as the program says them in a bare `pulumi preview`; empty when nothing changes or the state cannot be read here. */
export function bareEffects(root: string, plan: FleetPlan): string {
    if (process.env[effectsSaid] !== undefined) return "";
    const state = stateInClone(root, plan.fleet);
    if (state === undefined) return "";
    const effects = effectsSince(state, plan);
    return effects.changed.length === 0 ? "" : effectsText(effects).join("\n");
}
