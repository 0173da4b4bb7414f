import { gatewayNodes } from "../fleet/artifacts";
import type { Inventory } from "../fleet/schema";
import { meshedNodes } from "../mesh/plan";
import { planModels } from "../models/plan";
import type { EngineName } from "../models/schema";
import { behindNat, nodeOf } from "../node/machine";
import type { Instance, Listener } from "../services/plan";
import { planSites } from "../websites/plan";

/** A port that something on a node listens on. */
export interface NodeListener extends Listener {
    readonly node: string;
    /** Who listens: `caddy`, `postgres-alice`. */
    readonly what: string;
    /** What it is, where that is not its name: `postgres`. */
    readonly type: string;
    /** Whether it is bound to the node's own addresses, and leaves loopback (127.0.0.53, 127.0.0.1) to others. */
    readonly bound: boolean;
    readonly path: readonly (string | number)[];
}

/** Ports of engines as their makers set them (docs of each, looked up 2026-11-21); llama.cpp has one a model. */
const enginePorts: Readonly<Record<Exclude<EngineName, "llama.cpp">, number>> = {
    ollama: 11434,
    vllm: 8000,
    sglang: 30000,
    comfyui: 8188,
    "hailo-ollama": 8000,
};

/** Every listener of every node, by node and port. */
export function planListeners(inventory: Inventory, instances: readonly Instance[]): NodeListener[] {
    return [
        ...systemListeners(inventory),
        ...webListeners(inventory),
        ...nameserverListeners(inventory),
        ...engineListeners(inventory),
        ...instances.flatMap(({ listeners, node, name, type, path }) =>
            listeners.map((listener) => ({ ...listener, node, what: name, type, bound: false, path })),
        ),
    ].sort((a, b) => a.node.localeCompare(b.node) || a.port - b.port || a.what.localeCompare(b.what));
}

function systemListeners(inventory: Inventory): NodeListener[] {
    const meshed = meshedNodes(inventory);
    return Object.entries(inventory.nodes).flatMap(([node, entry]): NodeListener[] => {
        const scope = behindNat(entry) ? "lan" : "public";
        const own = { node, scope, bound: true, path: ["nodes", node] } as const;
        const port = entry.port ?? inventory.ssh.port ?? 22;
        return [
            { ...own, protocol: "tcp", port, what: "sshd", type: "sshd" },
            ...(meshed.includes(node)
                ? [
                      {
                          ...own,
                          protocol: "udp" as const,
                          port: inventory.mesh.port,
                          what: "wireguard",
                          type: "wireguard",
                      },
                  ]
                : []),
        ];
    });
}

/** Caddy: on the edges for everybody; where sites without a public name are kept, and at the gateway without one, for the LAN. */
function webListeners(inventory: Inventory): NodeListener[] {
    const edges = inventory.edge?.at ?? [];
    const inside = planSites(inventory).filter((site) => site.public === undefined);
    const places = [
        ...edges.map((node) => ({ node, scope: "public" as const, path: ["edge", "at"] })),
        ...gatewayNodes(inventory).map((node) => ({ node, scope: "lan" as const, path: ["models", "gateway"] })),
        ...inside.map(({ node, path }) => ({ node, scope: "lan" as const, path })),
    ].filter(({ node }) => inventory.nodes[node] !== undefined);
    // The first of a node wins: one Caddy serves all that a node serves.
    const unique = new Map([...places].reverse().map((place) => [place.node, place]));
    const ports = [
        ["tcp", 80],
        ["tcp", 443],
        ["udp", 443],
    ] as const;
    return [...unique.values()].flatMap((place) =>
        ports.map(([protocol, port]) => ({ ...place, protocol, port, what: "caddy", type: "caddy", bound: false })),
    );
}

function nameserverListeners({ dns, nodes }: Inventory): NodeListener[] {
    if (dns === undefined) return [];
    const hidden = (dns.secondaries?.length ?? 0) > 0;
    const places = [
        { node: dns.primary, scope: hidden ? ("mesh" as const) : ("public" as const), path: ["dns", "primary"] },
        ...(dns.secondaries ?? [])
            .filter((node) => node !== dns.primary)
            .map((node) => ({ node, scope: "public" as const, path: ["dns", "secondaries"] })),
    ];
    return places
        .filter(({ node }) => nodes[node] !== undefined)
        .flatMap((place) =>
            (["tcp", "udp"] as const).map((protocol) => ({
                ...place,
                protocol,
                port: 53,
                what: "pdns",
                type: "pdns",
                bound: true,
            })),
        );
}

function engineListeners(inventory: Inventory): NodeListener[] {
    const own = { protocol: "tcp", scope: "mesh", bound: true } as const;
    const engines = Object.entries(inventory.models?.engines ?? {}) as [EngineName, { at: string[] }][];
    const fixed = engines.flatMap(([engine, { at }]) =>
        engine === "llama.cpp"
            ? []
            : at.map((node) => ({
                  node,
                  port: enginePorts[engine],
                  what: engine,
                  path: ["models", "engines", engine],
              })),
    );
    const llama = inventory.models?.engines["llama.cpp"]?.at ?? [];
    const each = planModels(inventory)
        .filter(({ node }) => llama.map(nodeOf).includes(node))
        .map(({ node, port, model }) => ({
            node,
            port,
            what: `llama.cpp for ${model}`,
            path: ["models", "serve", model],
        }));
    return [...fixed, ...each]
        .filter(({ node }) => inventory.nodes[node] !== undefined)
        .map((place) => ({ ...own, ...place, type: "engine" }));
}
