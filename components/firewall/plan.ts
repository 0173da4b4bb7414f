import { gatewayNodes } from "../fleet/artifacts";
import type { Inventory } from "../fleet/schema";
import { meshedNodes } from "../mesh/plan";
import { behindNat } from "../node/machine";
import type { PublicName } from "../names/plan";
import type { Instance } from "../services/plan";
import { planListeners, type NodeListener } from "./listeners";

/** Who may open a connection to what. */
export interface Flow {
    /** A node, `lan` (of the target's location), `mesh` (every node) or `internet`. */
    readonly from: string;
    readonly to: string;
    readonly protocol: "tcp" | "udp";
    readonly port: number;
    /** Who listens there: `caddy`, `gitea`. */
    readonly what: string;
    readonly path: readonly (string | number)[];
}

/** Every connection that the fleet needs, sorted by target, port and source. What nothing asks for is not let in. */
export function planFlows(inventory: Inventory, instances: readonly Instance[], names: readonly PublicName[]): Flow[] {
    const meshed = meshedNodes(inventory).length > 0;
    const flows = planListeners(inventory, instances).flatMap((listener) => {
        const { node: to, protocol, port, what, path } = listener;
        const sources = [...new Set(sourcesOf(inventory, listener, instances, names))];
        return sources
            .filter((from) => from !== to && (meshed || from === "internet" || from === "lan"))
            .map((from): Flow => ({ from, to, protocol, port, what, path }));
    });
    const keyOf = ({ to, protocol, port, from }: Flow): string =>
        `${to} ${String(port).padStart(5, "0")} ${protocol} ${from}`;
    return flows.sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
}

function sourcesOf(
    inventory: Inventory,
    listener: NodeListener,
    instances: readonly Instance[],
    names: readonly PublicName[],
): string[] {
    const entry = inventory.nodes[listener.node];
    const inside = entry !== undefined && behindNat(entry);
    switch (listener.scope) {
        case "loopback":
            return [];
        case "public":
            return inside ? ["lan", "mesh"] : ["internet"];
        case "lan":
            return [...(inside ? ["lan"] : []), "mesh"];
        case "mesh":
            return meshSources(inventory, listener, instances, names);
    }
}

/** Inside the mesh only those may ask that have a reason; every node where the inventory does not say who has. */
function meshSources(
    inventory: Inventory,
    { type, what, port }: NodeListener,
    instances: readonly Instance[],
    names: readonly PublicName[],
): string[] {
    if (type === "engine") return gatewayNodes(inventory);
    if (type === "pdns") return inventory.dns?.secondaries ?? [];
    const collectors = instances.filter((instance) => instance.type === "prometheus").map(({ node }) => node);
    if (type.endsWith("-exporter") && collectors.length > 0) return collectors;
    const published = names.find((name) => name.kind === "service" && name.of === what && name.port === port);
    return published === undefined ? ["mesh"] : [...published.edges];
}
