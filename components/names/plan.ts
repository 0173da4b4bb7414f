import type { Inventory } from "../fleet/schema";
import { planGateway } from "../models/plan";
import { catalogue } from "../services/catalogue/catalogue";
import type { Instance } from "../services/plan";
import { planSites } from "../websites/plan";
import { zoneOf } from "./zone";

/** A name on the internet, from the one list that edge routes, zone records and certificates are made of. */
export interface PublicName {
    readonly name: string;
    readonly kind: "gateway" | "website" | "service" | "redirect";
    /** What answers: a service's or a site's own name, `models`, or the name that a redirect leads to. */
    readonly of: string;
    /** Where that stands, in order of preference; none for a redirect. */
    readonly nodes: readonly string[];
    /** TCP port there; absent where the edge has the files itself, and for redirects. */
    readonly port?: number;
    /** Nodes whose edge answers for it. */
    readonly edges: readonly string[];
    /** The domain it lies in; absent when it lies in none. */
    readonly domain?: string;
    /** Where the inventory asks for it. */
    readonly path: readonly (string | number)[];
}

type Written = Omit<PublicName, "edges" | "domain">;

/** Every public name, sorted. A name that is asked for twice is in the list twice. */
export function planNames(inventory: Inventory, instances: readonly Instance[]): PublicName[] {
    const domains = Object.keys(inventory.domains);
    const edges = (inventory.edge?.at ?? []).filter((node) => inventory.nodes[node] !== undefined);
    const written = [
        ...gatewayName(inventory),
        ...siteNames(inventory),
        ...serviceNames(instances),
        ...redirects(inventory),
    ];
    return written
        .map((one) => {
            const domain = zoneOf(one.name, domains);
            return { ...one, edges, ...(domain === undefined ? {} : { domain }) };
        })
        .sort((a, b) => a.name.localeCompare(b.name) || a.of.localeCompare(b.of) || a.kind.localeCompare(b.kind));
}

function gatewayName(inventory: Inventory): Written[] {
    const name = inventory.models?.gateway.public;
    if (name === undefined) return [];
    const nodes = [...new Set(planGateway(inventory)?.upstreams.map(({ node }) => node) ?? [])];
    return [{ name, kind: "gateway", of: "models", nodes, path: ["models", "gateway", "public"] }];
}

function siteNames(inventory: Inventory): Written[] {
    return planSites(inventory).flatMap(({ public: name, name: of, node, path }): Written[] =>
        name === undefined ? [] : [{ name, kind: "website", of, nodes: [node], path: [...path, "public"] }],
    );
}

function serviceNames(instances: readonly Instance[]): Written[] {
    return instances.flatMap(({ public: name, name: of, node, standby, port, path }): Written[] => {
        if (name === undefined) return [];
        const nodes = [node, ...standby];
        return [
            { name, kind: "service", of, nodes, ...(port === undefined ? {} : { port }), path: [...path, "public"] },
        ];
    });
}

function redirects({ edge }: Inventory): Written[] {
    return Object.entries(edge?.redirects ?? {}).map(([name, to]) => ({
        name,
        kind: "redirect" as const,
        of: to,
        nodes: [],
        path: ["edge", "redirects", name],
    }));
}

/** A name that the LAN and the mesh know: `NAME.FLEET.internal` (ICANN reserved `.internal` in 2024). */
export interface InternalName {
    readonly name: string;
    readonly of: string;
    readonly node: string;
    readonly path: readonly (string | number)[];
}

/** Every internal name, sorted: what has no public name and answers on a port, and the gateway without one. */
export function planInternalNames(inventory: Inventory, instances: readonly Instance[]): InternalName[] {
    const gateway = planGateway(inventory);
    const own = gateway === undefined || gateway.public ? [] : gateway.nodes.slice(0, 1);
    const inside = (label: string): string => `${label}.${inventory.fleet}.internal`;
    return [
        ...own.map((node) => ({ name: inside("ai"), of: "models", node, path: ["models", "gateway"] })),
        ...planSites(inventory)
            .filter((site) => site.public === undefined)
            .map(({ label, name: of, node, path }) => ({ name: inside(label), of, node, path })),
        ...instances
            // What runs on every node answers at each of them, by the node's address.
            .filter(
                (one) => one.public === undefined && one.port !== undefined && catalogue[one.type]?.everywhere !== true,
            )
            .map(({ label, name: of, node, path }) => ({ name: inside(label), of, node, path })),
    ].sort((a, b) => a.name.localeCompare(b.name) || a.of.localeCompare(b.of));
}
