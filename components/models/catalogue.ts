import type { Inventory } from "../fleet/schema";
import { llamaFamily } from "./families/llama";
import { mistralFamily } from "./families/mistral";
import type { Cache, ModelData } from "./families/model";
import { otherFamilies } from "./families/others";
import { qwenFamily } from "./families/qwen";

/** A model as an inventory may name it: of the catalogue, or described under `models.weights`. */
export interface Model extends Omit<ModelData, "format" | "longest"> {
    /** Unknown for what an inventory describes. */
    readonly format?: ModelData["format"];
    /** Context that it was made for, tokens; unknown for what an inventory describes. */
    readonly longest?: number;
    /** Context that is served when the inventory asks for none, tokens. */
    readonly context: number;
}

/** Tokens of context that are served by default: what Ollama serves on a machine of this size. */
export const defaultContext = 4096;

/** Bits that a weight takes when nobody says how many parameters a file holds: Q4_K_M's 4.9 (llama.cpp tools/quantize). */
const bitsPerWeight = 4.9;

/** Tokens of a vocabulary that nobody gives: those of Llama 3. */
const usualVocabulary = 128_256;

/** Models by the name an inventory uses. Hashes are not here: `./fleet pin` writes them into the lock. */
export const models: Readonly<Record<string, Model>> = Object.fromEntries(
    Object.entries({ ...llamaFamily, ...mistralFamily, ...qwenFamily, ...otherFamilies }).map(([name, data]) => [
        name,
        { ...data, context: Math.min(defaultContext, data.longest) },
    ]),
);

/** The model behind a name: what the inventory describes goes before the catalogue; nothing when neither knows it. */
export function modelOf(inventory: Inventory, name: string): Model | undefined {
    const described = inventory.models?.weights[name];
    if (described === undefined) return models[name];
    const { kind, disk, active, cache, parameters = (disk * 8) / bitsPerWeight / 1e9, source } = described;
    return {
        kind,
        disk,
        parameters: parameters * 1e9,
        vocabulary: usualVocabulary,
        ...(active === undefined ? {} : { active: active * 1e9 }),
        ...(cache === undefined ? {} : { cache: asWritten(cache) }),
        context: defaultContext,
        source: source ?? "models.weights of the inventory",
    };
}

/** Names that an inventory may write under `serve`. */
export function modelNames(inventory: Inventory): string[] {
    return [...new Set([...Object.keys(inventory.models?.weights ?? {}), ...Object.keys(models)])];
}

/** A cache of which only the bytes for one token at f16 are known. */
function asWritten(bytes: number): Cache {
    return { layers: 1, values: bytes / 2 };
}
