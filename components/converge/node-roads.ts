import type { AddressInfo } from "node:net";
import { wrongKeyMessage } from "../fleet/known-hosts";
import type { NodePlan } from "../fleet/plan";
import type { Endpoint } from "./dial";
import { openRoad, type Road, type Route } from "./roads";
import { Tunnels, type Bastion } from "./tunnels";

/** The roads to nodes, by name. */
export type Roads = ReadonlyMap<string, Road>;

/**
 * Opens the road to every node, and to those that they are reached through the same ones.
 * @param nodes all nodes of a fleet: a bastion is one of them
 * @param portOf the port on 127.0.0.1 of a node's road; 0 for any that is free
 * @param report gets what there is to say about a road, and to which node it leads
 */
export function openNodeRoads(
    nodes: readonly NodePlan[],
    portOf: (node: NodePlan) => number,
    report: (message: string, node: string) => void,
): Roads {
    const roads = new Map<string, Road>();
    const tunnels = openTunnels(nodes, roads);
    for (const node of nodes) {
        const say = (message: string): void => {
            report(message, node.name);
        };
        roads.set(node.name, openRoad(routeOf(node, portOf(node)), say, undefined, tunnels));
    }
    return roads;
}

/**
 * Opens a road to a machine whose host key nobody has pinned yet, over the first of these ways that answers.
 * @param nodes all nodes of a fleet: those that forward are among them
 * @param report gets why none of the ways leads to it
 */
export function openRoadThrough(
    nodes: readonly NodePlan[],
    machine: string,
    endpoints: readonly Endpoint[],
    report: (message: string) => void,
): Road {
    const roads = new Map<string, Road>();
    const tunnels = openTunnels(nodes, roads, endpoints);
    for (const node of nodes)
        roads.set(
            node.name,
            openRoad(routeOf(node, 0), () => undefined, undefined, tunnels),
        );
    return openRoad({ node: machine, port: 0, endpoints }, report, undefined, tunnels);
}

/** The loopback port of a road, once it listens; 0 before. */
export function portOfRoad(road: Road | undefined): number {
    return (road?.server.address() as AddressInfo | null)?.port ?? 0;
}

function openTunnels(nodes: readonly NodePlan[], roads: Roads, more: readonly Endpoint[] = []): Tunnels | undefined {
    const endpoints = [...nodes.flatMap(({ detours = [] }) => detours), ...more];
    const names = new Set(endpoints.map(({ via }) => via));
    const bastions = nodes
        .filter(({ name }) => names.has(name))
        .map(({ name, user }): Bastion => {
            const road = (): Road | undefined => roads.get(name);
            return { node: name, user, hostKey: () => road()?.pinned ?? "", port: () => portOfRoad(road()) };
        });
    return bastions.length === 0 ? undefined : new Tunnels(bastions, endpoints);
}

function routeOf({ name, address, port, detours = [], hostKey, hostKeyPlace }: NodePlan, road: number): Route {
    const mismatch = (shown: string): string =>
        wrongKeyMessage({ node: name, address, port }, shown, hostKey, hostKeyPlace);
    const direct = { host: address, port };
    return { node: name, port: road, endpoints: [direct, ...detours], pin: { key: hostKey, mismatch } };
}
