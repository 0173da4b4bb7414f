import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { engineNames, type EngineName } from "../../models/schema";

/** What the plan reckons with, by the names that engines have for it. */
const known: Readonly<Partial<Record<EngineName, Readonly<Record<string, string>>>>> = {
    ollama: {
        OLLAMA_MAX_LOADED_MODELS: "`loaded` of the engine",
        OLLAMA_NUM_PARALLEL: "`parallel` of a model",
        OLLAMA_CONTEXT_LENGTH: "`context` of a model",
        OLLAMA_KV_CACHE_TYPE: "`cache` of a model",
    },
    "llama.cpp": {
        "--ctx-size": "`context` of a model",
        "-c": "`context` of a model",
        "--parallel": "`parallel` of a model",
        "-np": "`parallel` of a model",
        "--cache-type-k": "`cache` of a model",
        "--cache-type-v": "`cache` of a model",
    },
    vllm: {
        "--gpu-memory-utilization": "`utilization` of the engine",
        "--max-model-len": "`context` of a model",
    },
    sglang: {
        "--mem-fraction-static": "`utilization` of the engine",
        "--context-length": "`context` of a model",
    },
};

/** Options that the arithmetic knows nothing of, because they are said beside it. */
export const saidOnce: Check = ({ inventory }) =>
    engineNames.flatMap((engine): Problem[] => {
        const options = inventory.models?.engines[engine];
        const flags = (options?.flags ?? []).map((flag) => flag.split(/[= ]/)[0] ?? "");
        return [
            ...Object.keys(options?.environment ?? {}).map((name) => ({ name, key: "environment" })),
            ...flags.map((name) => ({ name, key: "flags" })),
        ].flatMap(({ name, key }): Problem[] => {
            const instead = known[engine]?.[name];
            if (instead === undefined) return [];
            return [
                {
                    code: "SE159",
                    path: ["models", "engines", engine, key],
                    message: `${name} says what the inventory has a word for, and no arithmetic would know of it.`,
                    fix: `Take it out and write ${instead}.`,
                },
            ];
        });
    });
