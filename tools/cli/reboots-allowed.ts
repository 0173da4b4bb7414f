import type { FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { mayReboot, standIns } from "../../components/node/boot/turns";
import type { Context } from "./context";
import { handsOf, restartInTurn, type Hands, type Restarts } from "./reboots";
import type { NodeReport } from "./reports";

/**
 * After a run: restarts the nodes that need it, all is well on, and whose inventory allows it now.
 * @param reports what became of the nodes of the run
 */
export async function restartAllowed(
    { out }: Context,
    stack: Stack,
    plan: FleetPlan,
    reports: readonly NodeReport[],
): Promise<Restarts> {
    const { nodes } = stack.inventory;
    const right = reports.filter(({ state }) => state === "ok" || state === "changed").map(({ node }) => node);
    const now = new Date();
    const allowed = right.filter((name) => mayReboot({ reboot: nodes[name]?.reboot }, now));
    // Most fleets allow none; who is not allowed to is not asked.
    if (allowed.length === 0) return { done: [] };
    const say = (words: string): void => {
        out.say(words);
    };
    const hands = handsOf(stack, Object.values(plan.nodes), say);
    return restartInTurn(await inNeed(allowed, hands), standIns(stack.inventory), hands);
}

async function inNeed(names: readonly string[], { look, say }: Hands): Promise<string[]> {
    const found = await Promise.all(names.map(look));
    return found.flatMap(({ node, report }) => {
        const needed = report?.reboot?.needed ?? [];
        if (needed.length === 0) return [];
        say(`  ${node} is restarted: ${needed.join("; ")}`);
        return [node];
    });
}
