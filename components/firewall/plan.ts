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
    const known = whoAsks(inventory, instances, names);
    const flows = planListeners(inventory, instances).flatMap((listener) => {
        const { node: to, protocol, port, what, path } = listener;
        const sources = [...new Set(sourcesOf(inventory, listener, known))];
        return sources
            .filter((from) => from !== to && (meshed || from === "internet" || from === "lan"))
            .map((from): Flow => ({ from, to, protocol, port, what, path }));
    });
    return flows
        .map((flow) => ({
            flow,
            key: `${flow.to} ${String(flow.port).padStart(5, "0")} ${flow.protocol} ${flow.from}`,
        }))
        .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
        .map(({ flow }) => flow);
}

/** What is looked up for every listener, computed once. */
interface Askers {
    readonly gateways: readonly string[];
    /** Nodes that collect measurements. */
    readonly collectors: readonly string[];
    /** Edges of a public service, by its name and port. */
    readonly edges: ReadonlyMap<string, readonly string[]>;
}

function whoAsks(inventory: Inventory, instances: readonly Instance[], names: readonly PublicName[]): Askers {
    const services = names.filter(({ kind }) => kind === "service");
    return {
        gateways: gatewayNodes(inventory),
        collectors: instances.filter(({ type }) => type === "prometheus").map(({ node }) => node),
        edges: new Map(services.map(({ of, port, edges }) => [`${of} ${port ?? ""}`, edges])),
    };
}

function sourcesOf(inventory: Inventory, listener: NodeListener, known: Askers): readonly string[] {
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
            return meshSources(inventory, listener, known);
    }
}

/** Inside the mesh only those may ask that have a reason; every node where the inventory does not say who has. */
function meshSources(
    inventory: Inventory,
    { type, what, port }: NodeListener,
    { gateways, collectors, edges }: Askers,
): readonly string[] {
    if (type === "engine") return gateways;
    if (type === "pdns") return inventory.dns?.secondaries ?? [];
    if (type.endsWith("-exporter") && collectors.length > 0) return collectors;
    return edges.get(`${what} ${port}`) ?? ["mesh"];
}
