import type { FleetPlan, NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { loginOf } from "./nodes";
import { sshRun } from "./ssh";

/** A directed pair, `alice → cecilia`. */
export type Pair = string;

/** Milliseconds for a login and one answer of every peer. */
const patience = 15_000;

/** The directed pairs of these nodes that answer through the mesh: every node asks all others once, side by side. */
export async function answeringPairs(stack: Stack, { nodes }: FleetPlan, names: readonly string[]): Promise<Set<Pair>> {
    const asked = names.flatMap((name) => nodes[name] ?? []);
    const answers = await Promise.all(asked.map((node) => askPeers(stack, node, asked)));
    return new Set(answers.flat());
}

async function askPeers(stack: Stack, node: NodePlan, all: readonly NodePlan[]): Promise<Pair[]> {
    const others = all.filter(({ name, mesh }) => name !== node.name && mesh !== undefined);
    const asks = others.map(({ name, mesh = "" }) => `(ping -c1 -W2 ${mesh} >/dev/null 2>&1 && echo ${name}) &`);
    const { code, stdout } = await sshRun(loginOf(stack, node), `${asks.join(" ")} wait`, "", patience);
    const names = code === 0 ? stdout.split("\n") : [];
    return names.filter((name) => name !== "").map((name) => `${node.name} → ${name}`);
}
