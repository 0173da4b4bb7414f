import { attention, latentAttention, page, type ModelData } from "./model";

/** Mistral's models and what was made from them. */
export const mistralFamily: Readonly<Record<string, ModelData>> = {
    "mixtral:8x7b": {
        kind: "text",
        parameters: 46.7e9,
        active: 12.9e9,
        disk: 26.4e9,
        format: "gguf",
        vocabulary: 32_000,
        cache: attention(32, 8, 128),
        longest: 32_768,
        source: page("mixtral"),
    },
    // A Mistral 7B that sees by an encoder of 0.3 billion parameters, which no token of the answer needs.
    "llava:7b": {
        kind: "vision",
        parameters: 7.57e9,
        active: 7.24e9,
        disk: 4.73e9,
        format: "gguf",
        vocabulary: 32_000,
        cache: attention(32, 8, 128),
        longest: 32_768,
        source: page("llava"),
    },
    // NVFP4: 119 B × 4.5 bit ÷ 8 = 67 GB, and what stays in BF16 (image encoder, projector, output): 72 GB as published.
    "mistral-small-4:119b": {
        kind: "vision",
        parameters: 119e9,
        active: 6.5e9,
        disk: 72e9,
        format: "safetensors",
        vocabulary: 131_072,
        cache: latentAttention(36, 256, 64),
        longest: 262_144,
        source: "https://recipes.vllm.ai/mistralai/Mistral-Small-4-119B-2603 and tenstorrent/tt-metal#53688; 2026-11-21",
    },
};
