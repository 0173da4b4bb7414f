import { programLine } from "../../components/converge/command";
import { staying } from "../../components/fleet/leaving";
import type { NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { planPaths } from "../../components/mesh/paths";
import { loginOf } from "./nodes";
import { judgePairs, type Pair, type View } from "./pairs";
import { sshRun } from "./ssh";

/** Milliseconds that a node may take: 7 s for the pings, the rest for a login on a slow machine. */
const patience = 15_000;

/**
 * Asks nodes for the other nodes of the mesh, all at once, and judges every pair from them.
 * @param asked nodes to ask @param silent names of those of them that do not answer, which are not dialled
 */
export async function lookAtMesh(
    stack: Stack,
    nodes: Readonly<Record<string, NodePlan>>,
    asked: readonly NodePlan[],
    silent: ReadonlySet<string>,
): Promise<Pair[]> {
    const members = Object.values(nodes).filter(({ mesh, leaving }) => mesh !== undefined && !leaving);
    const addresses = Object.fromEntries(members.map(({ name, mesh }) => [name, mesh ?? ""]));
    const found = await Promise.all(
        asked
            .filter(({ name }) => name in addresses)
            .map(async (node): Promise<[string, View | undefined]> => {
                if (silent.has(node.name)) return [node.name, undefined];
                const others = Object.fromEntries(Object.entries(addresses).filter(([name]) => name !== node.name));
                return [node.name, await ask(stack, node, others)];
            }),
    );
    return judgePairs({ addresses, paths: planPaths(staying(stack.inventory)), views: Object.fromEntries(found) });
}

async function ask(stack: Stack, node: NodePlan, nodes: Readonly<Record<string, string>>): Promise<View | undefined> {
    const command = programLine("pairs", node.user);
    const { code, stdout } = await sshRun(loginOf(stack, node), command, JSON.stringify({ nodes }), patience);
    return code === 0 ? parseView(stdout) : undefined;
}

/** Reads what `converge.py pairs` prints; nothing when it is something else. */
export function parseView(text: string): View | undefined {
    try {
        return JSON.parse(text) as View;
    } catch {
        return undefined;
    }
}
