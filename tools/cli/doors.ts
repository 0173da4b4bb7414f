import { once } from "node:events";
import { openNodeRoads, openRoadThrough, portOfRoad } from "../../components/converge/node-roads";
import { placeOf, type Endpoint } from "../../components/converge/dial";
import type { FleetPlan, NodePlan } from "../../components/fleet/plan";
import type { Target } from "./probe";

/** Milliseconds for the slowest way to be given up: a bastion is given its time, and then what lies behind it. */
const patience = 20_000;

/** A road that this process has opened; `close` ends all that were opened with it. */
type Door = Pick<Target, "address" | "port" | "patience" | "why"> & { readonly close: () => void };

/** A node with the road to it that this process has opened, when it can be reached in several ways. */
export interface Doored extends NodePlan {
    readonly door?: Door;
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
    const close = (): void => {
        for (const road of roads.values()) road.close();
    };
    const doored = all.map((node): [string, Doored] => {
        const { name, address, port, detours } = node;
        if (detours === undefined) return [name, node];
        const why = (): string => whyNot(said.get(name), placesOf([{ host: address, port }, ...detours]));
        const at = { address: "127.0.0.1", port: portOfRoad(roads.get(name)) };
        return [name, { ...node, door: { ...at, patience, why, close } }];
    });
    return { ...plan, nodes: Object.fromEntries(doored) };
}

/**
 * A door to a machine whose host key is not known yet, so that somebody has to compare what it shows.
 * @param endpoints ways to it, in order of preference: through nodes of the plan, and directly
 */
export async function openDoor(plan: FleetPlan, node: string, endpoints: readonly Endpoint[]): Promise<Target> {
    let said: string | undefined;
    const road = openRoadThrough(Object.values(plan.nodes), node, endpoints, (message) => (said ??= message));
    if (!road.server.listening) await once(road.server, "listening");
    const shown = placesOf(endpoints);
    const why = (): string => whyNot(said, shown);
    return { node, address: "127.0.0.1", port: portOfRoad(road), patience, shown, why };
}

function placesOf(endpoints: readonly Endpoint[]): string {
    return endpoints.map(placeOf).join(", ");
}

/** Why nobody answered, without the node's name before it: what its road said, or where it was looked for. */
function whyNot(said: string | undefined, places: string): string {
    return (said ?? `it does not answer (${places}).`).replace(/^\S+ /, "").replace(/\.$/, "");
}

/** Where a node's sshd is looked for. */
export function targetOf({ name, address, port, door }: Doored): Target {
    return door === undefined ? { node: name, address, port } : { node: name, ...door };
}
