import type { Inventory } from "../fleet/schema";
import { showMemory } from "../fleet/units";
import { nodeOf } from "../node/machine";
import type { Machine } from "../node/plan";
import { modelOf, type Model } from "./catalogue";
import { chooseEngine, engineOptions } from "./engine";
import { hailoContext, hailoModels } from "./engines/hailo/models";
import type { EngineName } from "./schema";

/** How a model fits a node that serves it. All sizes in bytes. */
export interface Fit {
    readonly model: string;
    readonly node: string;
    readonly engine: EngineName;
    /** Tokens of context of one request. */
    readonly context: number;
    /** Requests at the same time. */
    readonly parallel: number;
    readonly weights: number;
    /** KV cache of all requests at once. */
    readonly cache: number;
    /** Graph and run-time of the engine. */
    readonly overhead: number;
    /** Main memory that it takes while it is loaded: the three together, or what the engine takes whatever it loads. */
    readonly resident: number;
    /** Room on the disk. */
    readonly disk: number;
    /** Most tokens a second that the node's memory can feed; 0 for what makes no tokens. */
    readonly roof: number;
    /** `1.9 GiB weights + 448 MiB cache (112 KiB × 4096 tokens) + 256 MiB engine = 2.6 GiB`. */
    readonly arithmetic: string;
    readonly path: readonly (string | number)[];
}

const mib = 2 ** 20;

/** Bytes that one cached number takes: f16, or blocks of 32 with a scale (ggml's block_q8_0 and block_q4_0). */
export const cacheBytes = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 } as const;

/** Tokens that llama.cpp computes at once (--ubatch-size). */
const batch = 512;

/**
 * What an engine takes for itself before it loads anything, bytes. llama.cpp: measured (tests/capacity). The others are
 * estimates: Ollama's own server beside a llama-server, CUDA and PyTorch in one process.
 */
const runtimes: Readonly<Record<EngineName, number>> = {
    "llama.cpp": 14 * mib,
    ollama: 256 * mib,
    "hailo-ollama": 300 * mib,
    vllm: 3072 * mib,
    sglang: 3072 * mib,
    comfyui: 4096 * mib,
};

/** What a token of the vocabulary takes in llama.cpp's tables, bytes; measured with 259 and 262,144 tokens. */
const bytesPerWord = 240;

/** Share of the whole memory that vllm and sglang take when nobody says how much (--gpu-memory-utilization). */
export const defaultUtilization = 0.9;

type Serving = NonNullable<Inventory["models"]>["serve"][string];

/** The fit of every model on every node that serves it, where both are known; by model, then in order of preference. */
export function planFits(inventory: Inventory, machines: Readonly<Record<string, Machine>>): Fit[] {
    const served = Object.entries(inventory.models?.serve ?? {}).sort(([a], [b]) => a.localeCompare(b));
    return served.flatMap(([name, serving]) =>
        serving.at.flatMap((placement) => {
            const model = modelOf(inventory, name);
            const machine = machines[nodeOf(placement)];
            const choice = chooseEngine(inventory, name, placement);
            if (model === undefined || machine === undefined || !("engine" in choice)) return [];
            const share = engineOptions(inventory, choice.engine)?.utilization ?? defaultUtilization;
            return [fitOf(name, model, serving, machine, choice.engine, share)];
        }),
    );
}

function fitOf(
    name: string,
    model: Model,
    serving: Omit<Serving, "at">,
    machine: Machine,
    engine: EngineName,
    share: number,
): Fit {
    const parallel = serving.parallel ?? 1;
    const context = serving.context ?? (engine === "hailo-ollama" ? hailoContext : model.context);
    const cache = cacheOf(model, context * parallel, parallel, serving.cache ?? "f16");
    const overhead = runtimes[engine] + model.vocabulary * bytesPerWord + graphOf(model, context);
    const need = model.disk + cache + overhead;
    return {
        model: name,
        node: machine.name,
        engine,
        context,
        parallel,
        weights: model.disk,
        cache,
        overhead,
        resident: residentOf(engine, need, share * machine.memory),
        disk: model.disk,
        roof: roofOf(name, model, machine, engine),
        arithmetic: words(model, { context, parallel, cache, overhead, kind: serving.cache ?? "f16" }),
        path: ["models", "serve", name],
    };
}

/** A Hailo-10H holds weights and cache in its own 8 GB; vllm and sglang take their share whatever they load. */
function residentOf(engine: EngineName, need: number, share: number): number {
    if (engine === "hailo-ollama") return runtimes[engine];
    return engine === "vllm" || engine === "sglang" ? share : need;
}

/**
 * Bytes of KV cache for `tokens` in all. Layers with a window keep it and one batch for every request
 * (llama.cpp src/llama-kv-cache-iswa.cpp, seen with gemma3:270m).
 */
function cacheOf({ cache }: Model, tokens: number, parallel: number, kind: keyof typeof cacheBytes): number {
    if (cache === undefined) return 0;
    const { layers, values, window = { layers: 0, tokens: 0 } } = cache;
    const short = Math.min(tokens, (window.tokens + batch) * parallel);
    return Math.round(((layers - window.layers) * tokens + window.layers * short) * values * cacheBytes[kind]);
}

/**
 * Scratch memory of one batch, bytes: the attention mask (an f16 for every token of the batch and of the context) and some
 * 15 activations as wide as the model. The width is estimated from the parameters in use, 2048 × ∛(billions), which is right
 * within a tenth for Llama 1B to 70B. Fitted to what llama-server takes (tests/capacity).
 */
function graphOf({ cache, parameters, active = parameters }: Model, context: number): number {
    const width = 2048 * Math.cbrt(active / 1e9);
    const mask = cache === undefined ? 0 : context * 2;
    return Math.round(batch * (width * 15 * 4 + mask));
}

/** Each token reads every active weight once: a roof that no engine breaks without guessing several tokens ahead. */
function roofOf(name: string, model: Model, machine: Machine, engine: EngineName): number {
    if (model.kind === "embedding" || model.kind === "image") return 0;
    if (engine === "hailo-ollama") return hailoModels[name] ?? 0;
    return machine.bandwidth / activeBytes(model);
}

/** Bytes of weights that one token reads. */
export function activeBytes({ disk, parameters, active = parameters }: Model): number {
    return (disk * active) / parameters;
}

interface Sum {
    readonly context: number;
    readonly parallel: number;
    readonly cache: number;
    readonly overhead: number;
    readonly kind: keyof typeof cacheBytes;
}

function words(model: Model, { context, parallel, cache, overhead, kind }: Sum): string {
    const times = parallel === 1 ? "" : ` × ${parallel} requests`;
    const perToken = (model.cache?.layers ?? 0) * (model.cache?.values ?? 0) * cacheBytes[kind];
    const window = model.cache?.window;
    const windowed = window === undefined ? "" : `, ${window.layers} of ${model.cache?.layers ?? 0} layers by window`;
    const kept = `${showMemory(cache)} cache (${Math.round(perToken / 1024)} KiB × ${context} tokens${times}${windowed})`;
    const parts = [
        `${showMemory(model.disk)} weights`,
        ...(cache === 0 ? [] : [kept]),
        `${showMemory(overhead)} engine`,
    ];
    return `${parts.join(" + ")} = ${showMemory(model.disk + cache + overhead)}`;
}
