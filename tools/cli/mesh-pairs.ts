import type { FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { lookAtMesh } from "./mesh-look";

/** A directed pair, `alice → cecilia`. */
export type Pair = string;

/** Milliseconds that pairs may take to answer again. */
export const pairPatience = 30_000;

/** The directed pairs of these nodes that answer through the mesh. */
export async function answeringPairs(stack: Stack, { nodes }: FleetPlan, names: readonly string[]): Promise<Set<Pair>> {
    const asked = names.flatMap((name) => nodes[name] ?? []);
    const pairs = await lookAtMesh(stack, nodes, asked, new Set());
    const answering = pairs.filter(({ to, answers }) => answers && names.includes(to));
    return new Set(answering.map(({ from, to }) => `${from} → ${to}`));
}

/** Those of the wanted pairs that do not answer, asked until all do or `pairPatience` is over. */
export async function waitForPairs(
    stack: Stack,
    plan: FleetPlan,
    names: readonly string[],
    wanted: ReadonlySet<Pair>,
): Promise<Pair[]> {
    const start = performance.now();
    for (;;) {
        const now = await answeringPairs(stack, plan, names);
        const silent = [...wanted].filter((pair) => !now.has(pair));
        if (silent.length === 0 || performance.now() - start > pairPatience) return silent;
    }
}
