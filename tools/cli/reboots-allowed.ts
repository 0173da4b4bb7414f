import type { FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { mayReboot, standIns } from "../../components/node/boot/turns";
import type { Context } from "./context";
import { handsOf, restartInTurn, type Hands } from "./reboots";
import type { NodeReport } from "./reports";

/**
 * After a run: restarts the nodes that need it, all is well on, and whose inventory allows it now.
 * @param found what became of the nodes of the run
 * @returns the same, without what a restart was needed for; and why the round ended before its end
 */
export async function restartAllowed(
    { out }: Context,
    stack: Stack,
    plan: FleetPlan,
    found: readonly NodeReport[],
): Promise<{ reports: readonly NodeReport[]; failed: readonly string[] }> {
    const { nodes } = stack.inventory;
    const right = found.filter(({ state }) => state === "ok" || state === "changed").map(({ node }) => node);
    const now = new Date();
    const allowed = right.filter((name) => mayReboot({ reboot: nodes[name]?.reboot }, now));
    // Most fleets allow none; who is not allowed to is not asked.
    if (allowed.length === 0) return { reports: found, failed: [] };
    const hands = handsOf(stack, plan.nodes, out);
    const { done, failed } = await restartInTurn(await inNeed(allowed, hands), standIns(stack.inventory), hands);
    const reports = found.map((report) => (done.includes(report.node) ? { ...report, reboot: [] } : report));
    return { reports, failed: failed === undefined ? [] : [failed] };
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
