import type { Inventory } from "../fleet/schema";
import { modelOf } from "./catalogue";
import { hailoModels } from "./engines/hailo/models";
import { engineNames, type EngineName } from "./schema";

/** Options of an engine as the inventory has them. */
export type EngineOptions = NonNullable<NonNullable<Inventory["models"]>["engines"][EngineName]>;

/** Which engine serves a model at a placement, or the engines that the choice is between: none, or several. */
export type Choice =
    | { readonly engine: EngineName }
    | {
          /** Engines that run on the node. */
          readonly running: readonly EngineName[];
          /** Those of them that can serve the model. */
          readonly able: readonly EngineName[];
      };

/** Engines on a node, in the order of `engineNames`. */
export function enginesOn(inventory: Inventory, node: string): EngineName[] {
    return engineNames.filter((engine) => inventory.models?.engines[engine]?.at.includes(node) === true);
}

/**
 * The engine of a placement `NODE/ENGINE`, or of `NODE` where exactly one of its engines can serve the model. A model that
 * nobody knows is taken to be text of any format.
 */
export function chooseEngine(inventory: Inventory, model: string, placement: string): Choice {
    const [node = "", written] = placement.split("/");
    const running = enginesOn(inventory, node);
    const able = running.filter((engine) => canServe(inventory, engine, model));
    const chosen = written === undefined ? (able.length === 1 ? able[0] : undefined) : able.find((e) => e === written);
    return chosen === undefined ? { running, able } : { engine: chosen };
}

/** Whether an engine can serve a model at all: its kind and its file format, and with hailo-ollama its own list. */
export function canServe(inventory: Inventory, engine: EngineName, name: string): boolean {
    const model = modelOf(inventory, name);
    if (engine === "hailo-ollama") return hailoModels[name] !== undefined;
    if ((model?.kind === "image") !== (engine === "comfyui")) return false;
    if (engine === "ollama" || engine === "llama.cpp") return model?.format !== "safetensors";
    return true;
}

/** Options of an engine. */
export function engineOptions(inventory: Inventory, engine: EngineName): EngineOptions | undefined {
    return inventory.models?.engines[engine];
}

/** Engines that can serve a model: those that the inventory has first. */
export function enginesFor(inventory: Inventory, model: string): EngineName[] {
    const written = engineNames.filter((engine) => engineOptions(inventory, engine) !== undefined);
    return [...new Set([...written, ...engineNames])].filter((engine) => canServe(inventory, engine, model));
}
