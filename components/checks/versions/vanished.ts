import type { EngineName } from "../../models/schema";

/** An option that an engine had. */
export interface GoneOption {
    readonly name: string;
    /** First version that has it no more. */
    readonly until: string;
    /** What to write instead. */
    readonly instead: string;
    readonly source: string;
}

/** Version of each engine that is installed when the inventory names none: the newest that was known on 2026-11-21. */
export const newestKnown: Readonly<Partial<Record<EngineName, string>>> = {
    ollama: "0.32.15",
    vllm: "0.33.0",
    sglang: "0.5.23",
};

/** Options that vanished. An engine that does not know a variable of its environment starts without a word. */
export const goneOptions: Readonly<Partial<Record<EngineName, readonly GoneOption[]>>> = {
    vllm: [
        {
            name: "VLLM_FLASHINFER_MOE_BACKEND",
            until: "0.26",
            instead: "Write `flags: [--moe-backend=marlin]` or another backend: the flag took its place.",
            source: "Blackwellboy/model-serving-minefield#19, vllm-project/vllm#43487",
        },
    ],
};

/** First version of an engine that serves a model. */
export const floors: Readonly<Partial<Record<EngineName, Readonly<Record<string, string>>>>> = {
    // recipes.vllm.ai: earlier ones load it and trip on its tool calls and its reasoning.
    vllm: { "mistral-small-4:119b": "0.20.0" },
};
