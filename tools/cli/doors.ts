import { once } from "node:events";
import { openNodeRoads, portOfRoad } from "../../components/converge/node-roads";
import { placeOf } from "../../components/converge/dial";
import type { FleetPlan, NodePlan } from "../../components/fleet/plan";
import type { Target } from "./probe";

/** Milliseconds for the slowest way to be given up: a bastion is given its time, and then what lies behind it. */
const patience = 20_000;

/** A node with the road to it that this process has opened, when it can be reached in several ways. */
export interface Doored extends NodePlan {
    readonly door?: Pick<Target, "address" | "port" | "patience" | "why">;
}

/**
 * The plan with a door at every node that can be reached in several ways: a port on this computer behind which the first way
 * that answers is taken, as `up` takes it. Nodes with one way stay as they are.
 */
export async function withDoors(plan: FleetPlan): Promise<FleetPlan> {
    const all = Object.values(plan.nodes);
    if (all.every(({ detours }) => detours === undefined)) return plan;
    const said = new Map<string, string>();
    const roads = openNodeRoads(
        all,
        () => 0,
        (message, node) => said.set(node, said.get(node) ?? message),
    );
    const opening = [...roads.values()].filter(({ server }) => !server.listening);
    await Promise.all(opening.map(({ server }) => once(server, "listening")));
    const doored = all.map((node): [string, Doored] => {
        const { name, address, port, detours } = node;
        if (detours === undefined) return [name, node];
        const why = (): string =>
            (said.get(name) ?? `it does not answer (${[{ host: address, port }, ...detours].map(placeOf).join(", ")}).`)
                .replace(/^\S+ /, "")
                .replace(/\.$/, "");
        return [name, { ...node, door: { address: "127.0.0.1", port: portOfRoad(roads.get(name)), patience, why } }];
    });
    return { ...plan, nodes: Object.fromEntries(doored) };
}

/** Where a node's sshd is looked for. */
export function targetOf({ name, address, port, door }: Doored): Target {
    return { node: name, address, port, ...door };
}
