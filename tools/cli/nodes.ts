import { listOf, nearest } from "../../components/fleet/errors";
import type { FleetPlan, NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import type { Doored } from "./doors";
import { Refusal } from "./failure";
import type { Login } from "./ssh";

/** The nodes that were named, or all. @throws Refusal for a name that is none */
export function selectNodes({ nodes }: FleetPlan, names: readonly string[]): NodePlan[] {
    if (names.length === 0) return Object.values(nodes);
    return [...new Set(names)].map((name) => {
        const node = nodes[name];
        if (node !== undefined) return node;
        const near = nearest(name, Object.keys(nodes));
        const hint = near === undefined ? `Nodes: ${listOf(Object.keys(nodes))}.` : `Did you mean "${near}"?`;
        throw new Refusal(`There is no node "${name}". ${hint}`);
    });
}

/** What is said of a node that is not dialled; nothing of others. */
export function offlineWords({ name, offline }: NodePlan): string[] {
    return offline === undefined
        ? []
        : [`${name} is offline since ${offline}: it is not dialled, and what would change on it waits for its return.`];
}

/** How to log in to a node. */
export function loginOf(stack: Stack, { name, address, port, user, door }: Doored): Login {
    const at = door ?? { address, port };
    return { node: name, address: at.address, port: at.port, user, knownHosts: stack.files.knownHosts };
}
