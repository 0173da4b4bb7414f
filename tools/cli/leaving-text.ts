import { relative } from "node:path";
import { departedNodes, leavingNodes } from "../../components/fleet/leaving";
import type { FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import type { RunResult } from "./events";
import { roleOnNode } from "./events";

/** What is said before a run about every node that leaves or has left. */
export function leavingWords(stack: Stack): string[] {
    const file = relative(process.cwd(), stack.files.inventory) || stack.files.inventory;
    return [
        ...leavingNodes(stack).map(
            (name) =>
                `${name} is leaving: everything of ours is taken off it, its peers forget it; directories with data stay.`,
        ),
        ...departedNodes(stack).map((name) => {
            if (stack.lock.roads[name] === undefined) return `${name} has left: its block can be deleted from ${file}.`;
            return `${name} is gone for good: nothing is dialled, its peers and the state forget it.`;
        }),
    ];
}

/**
 * Nodes that have left with this run: everything of ours was taken off them, or was before; and with a run over the whole
 * fleet those that are gone for good and were forgotten.
 * @param asked names of the nodes that the run was for
 */
export function leftNodes(stack: Stack, { nodes }: FleetPlan, asked: readonly string[], result: RunResult): string[] {
    const done = (name: string): boolean => result.changed.has(name) || result.unchanged.has(name);
    const released = leavingNodes(stack).filter(
        (name) => asked.includes(name) && done(`leave on ${name}`) && !failedOn(name, result),
    );
    const whole = Object.keys(nodes).every((name) => asked.includes(name)) && result.errors.length === 0;
    const forgotten = departedNodes(stack).filter(
        (name) => stack.lock.roads[name] !== undefined && whole && !failedOn(name, result),
    );
    return [...released, ...forgotten].sort();
}

function failedOn(node: string, { failed }: RunResult): boolean {
    return [...failed.keys()].some((resource) => roleOnNode(resource)?.node === node);
}

/** What is said after a run about nodes that have left. */
export function leftText(stack: Stack, left: readonly string[]): string[] {
    if (left.length === 0) return [];
    const file = relative(process.cwd(), stack.files.inventory) || stack.files.inventory;
    const blocks = left.length === 1 ? "its block" : "their blocks";
    const last = Object.keys(stack.inventory.nodes).every(
        (name) => left.includes(name) || departedNodes(stack).includes(name),
    );
    return [
        `${left.join(", ")} ${left.length === 1 ? "has" : "have"} left: ${blocks} can be deleted from ${file} now.`,
        ...(last
            ? [`No node stays. \`./fleet -s ${stack.name} destroy\` forgets the rest; keep a block until then.`]
            : []),
    ];
}
