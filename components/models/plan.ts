import { createHash } from "node:crypto";
import { gatewayNodes, modelKey } from "../fleet/artifacts";
import type { Inventory } from "../fleet/schema";
import { meshAddresses, meshedNodes } from "../mesh/plan";
import { nodeOf } from "../node/machine";
import { defaultContext, models } from "./catalogue";
import { engineOptions } from "./engine";

/** One model on one node. */
export interface ServedModel {
    readonly model: string;
    readonly node: string;
    /** Role and unit name: the model's name with `-` for what a unit name cannot hold. */
    readonly slug: string;
    /** Address and TCP port the engine listens on: the mesh, or loopback in a fleet of one node. */
    readonly host: string;
    readonly port: number;
    /** Context length of one request, tokens. */
    readonly context: number;
    /** Requests at the same time. */
    readonly parallel: number;
    /** Type of the KV cache. */
    readonly cache: "f16" | "q8_0" | "q4_0";
    /** Environment and arguments that the inventory adds to the engine. */
    readonly environment: Readonly<Record<string, string>>;
    readonly flags: readonly string[];
    /** Key in the lock of the weights. */
    readonly artifact: string;
    /** Name of the secret the engine asks its callers for. */
    readonly apiKey: string;
}

/** The one address that all models answer at. */
export interface Gateway {
    readonly host: string;
    /** On the internet with a certificate by ACME; else on the LAN with one of the fleet's own CA. */
    readonly public: boolean;
    /** Nodes whose Caddy answers for it. */
    readonly nodes: readonly string[];
    /** In order of preference. */
    readonly upstreams: readonly ServedModel[];
    /** Names of the secrets that clients may show; empty = everybody may ask. */
    readonly keys: readonly string[];
}

/** Every model on every node that serves it, in the order of the inventory. */
export function planModels(inventory: Inventory): ServedModel[] {
    const mesh = meshAddresses(inventory);
    const meshed = meshedNodes(inventory);
    const { environment = {}, flags = [] } = engineOptions(inventory, "llama.cpp") ?? {};
    return Object.entries(inventory.models?.serve ?? {}).flatMap(([model, { at, context, parallel, cache }]) =>
        at.map(nodeOf).map((node) => {
            const slug = model.replaceAll(/[^a-z0-9.-]/g, "-");
            return {
                model,
                node,
                slug,
                host: meshed.includes(node) ? (mesh[node] ?? "") : "127.0.0.1",
                port: portOf(model),
                context: context ?? models[model]?.context ?? defaultContext,
                parallel: parallel ?? 1,
                cache: cache ?? "f16",
                environment,
                flags,
                artifact: modelKey(model),
                apiKey: `model-key.${slug}`,
            };
        }),
    );
}

/** The gateway, when anything is served. */
export function planGateway(inventory: Inventory): Gateway | undefined {
    const upstreams = planModels(inventory);
    if (inventory.models === undefined || upstreams.length === 0) return undefined;
    const { public: name, keys } = inventory.models.gateway;
    return {
        host: name ?? `ai.${inventory.fleet}.internal`,
        public: name !== undefined,
        nodes: name === undefined ? gatewayNodes(inventory).slice(-1) : (inventory.edge?.at ?? []),
        upstreams,
        keys: keys.map((key) => `gateway-key.${key}`),
    };
}

/** A port of 8100 to 8899 that depends on the model alone: neighbours that come and go never move it. */
function portOf(model: string): number {
    return 8100 + (createHash("sha256").update(model).digest().readUInt16BE(0) % 800);
}
