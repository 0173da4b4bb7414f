import { effectsSince } from "../../components/fleet/effects-state";
import { effectsText } from "../../components/fleet/effects-text";
import type { FleetPlan, NodePlan } from "../../components/fleet/plan";
import { stateInClone } from "../../components/fleet/state-file";
import type { Context } from "./context";
import { pulumi } from "./pulumi";

/**
 * What a run does, in words: what nodes were told last against what is planned. Contacts none.
 * @param asked the nodes that the run is for; all of them when left out
 */
export async function effectLines(
    { root }: Context,
    stack: string,
    plan: FleetPlan,
    asked: readonly NodePlan[] = Object.values(plan.nodes),
): Promise<string[]> {
    const state = stateInClone(root, stack) ?? (await exportState(root, stack));
    if (state === undefined) return [];
    const names = asked.map(({ name }) => name);
    const left = Object.keys(plan.nodes).filter((name) => !names.includes(name));
    return effectsText(effectsSince(state, plan, left)).map((line) => `  ${line}`);
}

/** A backend elsewhere has to be asked. What is wrong with it the engine says itself, right after. */
async function exportState(root: string, stack: string): Promise<string | undefined> {
    const { code, stdout } = await pulumi(root, stack, ["stack", "export"]);
    return code === 0 ? stdout : undefined;
}
