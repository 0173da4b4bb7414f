import { groupBy } from "../fleet/group";
import type { Inventory } from "../fleet/schema";
import { showMemory } from "../fleet/units";
import { engineOptions } from "./engine";
import type { Fit } from "./fit";
import type { EngineName } from "./schema";

/** Models of one node that are in its memory at the same time. */
export interface Resident {
    readonly node: string;
    /** As people say it: `phi3:mini, the largest of 16`. */
    readonly what: string;
    /** Bytes. */
    readonly bytes: number;
    readonly path: readonly (string | number)[];
}

/**
 * What of the models that are served is in memory at once, at its worst: of an exclusive group its largest member; of
 * ollama's models the largest ones, as many as it keeps loaded; of comfyui's and hailo-ollama's the largest; of all
 * others every one.
 */
export function residentModels(inventory: Inventory, fits: readonly Fit[]): Resident[] {
    const groups = Object.entries(inventory.models?.exclusive ?? {});
    const groupOf = ({ node, model }: Fit): string | undefined =>
        groups.find(([, { at, members }]) => at === node && members.includes(model))?.[0];
    const sets = groupBy(fits, (fit) => {
        const group = groupOf(fit);
        return `${fit.node} ${group === undefined ? `engine ${fit.engine}` : `group ${group}`}`;
    });
    return [...sets.values()].flatMap((set) => {
        const first = set[0];
        const group = first === undefined ? undefined : groupOf(first);
        return group === undefined ? ofEngine(inventory, set) : largest(set, 1, `of the exclusive group ${group}`);
    });
}

function ofEngine(inventory: Inventory, set: readonly Fit[]): Resident[] {
    const engine = set[0]?.engine ?? "ollama";
    return largest(set, loadedAtOnce(inventory, engine) ?? set.length, `of ${set.length} in ${engine}`);
}

/** How many of its models an engine keeps in memory; nothing when it keeps all. */
export function loadedAtOnce(inventory: Inventory, engine: EngineName): number | undefined {
    if (engine === "ollama") return engineOptions(inventory, engine)?.loaded ?? 1;
    return engine === "comfyui" || engine === "hailo-ollama" ? 1 : undefined;
}

function largest(set: readonly Fit[], loaded: number, words: string): Resident[] {
    return set
        .toSorted((a, b) => b.resident - a.resident || a.model.localeCompare(b.model))
        .slice(0, loaded)
        .map(({ node, model, resident, path }) => ({
            node,
            what: `${model}${set.length > loaded ? `, the largest ${words}` : ""}`,
            bytes: resident,
            path,
        }));
}

/** `phi3:mini needs 3.9 GiB (…)`. */
export function needs({ model, engine, resident, arithmetic }: Fit): string {
    const why = engine === "vllm" || engine === "sglang" ? `the share that ${engine} takes for itself` : arithmetic;
    return `${model} needs ${showMemory(resident)} (${why})`;
}
