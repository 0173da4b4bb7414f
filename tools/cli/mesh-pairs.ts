import type { FleetPlan, NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { program } from "../../components/converge/command";
import { loginOf } from "./nodes";
import { sshRun } from "./ssh";

/** A directed pair, `alice → cecilia`. */
export type Pair = string;

/** Milliseconds for a login and one answer of every peer. */
const patience = 20_000;

/** Milliseconds that pairs may take to answer again. */
export const pairPatience = 30_000;

/** The directed pairs of these nodes that answer through the mesh: every node asks all others once, side by side. */
export async function answeringPairs(stack: Stack, { nodes }: FleetPlan, names: readonly string[]): Promise<Set<Pair>> {
    const asked = names.flatMap((name) => nodes[name] ?? []);
    const answers = await Promise.all(asked.map((node) => askPeers(stack, node, asked)));
    return new Set(answers.flat());
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

async function askPeers(stack: Stack, node: NodePlan, all: readonly NodePlan[]): Promise<Pair[]> {
    const others = all.filter(({ name, mesh }) => name !== node.name && mesh !== undefined);
    const question = { nodes: Object.fromEntries(others.map(({ name, mesh = "" }) => [name, mesh])) };
    const { code, stdout } = await sshRun(
        loginOf(stack, node),
        asksPairs(node.user),
        JSON.stringify(question),
        patience,
    );
    if (code !== 0) return [];
    const { pings } = JSON.parse(stdout) as { pings: Record<string, { answers: number }> };
    return Object.entries(pings).flatMap(([name, { answers }]) => (answers > 0 ? [`${node.name} → ${name}`] : []));
}

function asksPairs(user: string): string {
    return `${user === "root" ? "" : "sudo -n "}python3 -I ${program} pairs`;
}
