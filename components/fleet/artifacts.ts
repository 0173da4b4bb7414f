import { caddyArtifact } from "../edge/artifact";
import type { DesiredArtifact } from "../converge/schema";
import { models } from "../models/catalogue";
import { llamaCppArtifact } from "../models/engines/llamacpp/artifact";
import type { Hardware } from "../node/hardware";
import { nodeOf } from "../node/machine";
import { hardwareOfNode } from "../node/plan";
import type { ArtifactSource } from "./artifact-source";
import type { Problem } from "./errors";
import type { Lock } from "./lock";
import type { Inventory } from "./schema";

/** One file that the fleet needs to have locked. */
export interface NeededArtifact {
    readonly key: string;
    readonly version: string;
    readonly arch: Hardware["arch"] | "any";
    readonly url: string;
}

/** Key in the lock of a model's weights. */
export function modelKey(model: string): string {
    return `model ${model}`;
}

/** Every artifact that the inventory's roles install, one entry an architecture, sorted by key. */
export function neededArtifacts(inventory: Inventory): NeededArtifact[] {
    const serving = Object.entries(inventory.models?.serve ?? {});
    const engines = serving.flatMap(([, { at }]) => at.map(nodeOf));
    const needed = [
        ...archesOf(inventory, gatewayNodes(inventory)).map((arch) => need(caddyArtifact, arch)),
        ...archesOf(inventory, engines).map((arch) => need(llamaCppArtifact, arch)),
        ...serving.flatMap(([name]) => {
            const model = models[name];
            return model?.url === undefined || model.version === undefined
                ? []
                : [{ key: modelKey(name), version: model.version, arch: "any" as const, url: model.url }];
        }),
    ];
    return needed.sort((a, b) => `${a.key} ${a.arch}`.localeCompare(`${b.key} ${b.arch}`));
}

/** Nodes that run Caddy: the edge, and without a public gateway the first node that serves a model. */
export function gatewayNodes(inventory: Inventory): string[] {
    const edge = inventory.edge?.at ?? [];
    const internal = inventory.models !== undefined && inventory.models.gateway.public === undefined;
    const first = Object.values(inventory.models?.serve ?? {})[0]?.at.map(nodeOf)[0];
    return [...new Set([...edge, ...(internal && first !== undefined ? [first] : [])])];
}

/** What is needed and not locked at the wanted version. */
export function artifactProblems(inventory: Inventory, lock: Lock): Problem[] {
    return neededArtifacts(inventory)
        .filter(
            ({ key, version, arch }) =>
                lock.artifacts[key]?.version !== version || lock.artifacts[key][arch] === undefined,
        )
        .map(({ key, version, arch, url }) => ({
            code: "SE040",
            path: [],
            message: `No locked hash for ${key} ${version} (${arch}), ${url}.`,
            fix: "Run `./fleet pin`: it downloads the file, notes its SHA-256 and says how it was verified.",
        }));
}

function need(source: ArtifactSource, arch: Hardware["arch"]): NeededArtifact {
    return { key: source.key, version: source.version, arch, url: source.url(arch, source.version) };
}

function archesOf(inventory: Inventory, names: readonly string[]): Hardware["arch"][] {
    const arches = names.flatMap((name) => {
        const node = inventory.nodes[name];
        return node === undefined ? [] : (hardwareOfNode(node)?.arch ?? []);
    });
    return [...new Set(arches)].sort();
}

/**
 * A locked artifact as a desired state names it.
 * @throws Error when it is not locked: `artifactProblems` must have been asked first
 */
export function desiredArtifact(lock: Lock, key: string, arch: Hardware["arch"] | "any"): DesiredArtifact {
    const locked = lock.artifacts[key]?.[arch];
    if (locked === undefined) throw new Error(`${key} (${arch}) is not locked. Run \`./fleet pin\`.`);
    const { url, sha256, bytes } = locked;
    return { url, sha256, bytes, arch, ...(url.endsWith(".tar.gz") ? { unpack: "tar.gz" } : {}) };
}
