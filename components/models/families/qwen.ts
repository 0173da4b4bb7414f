import { attention, type ModelData } from "./model";

const page = (name: string): string => `https://ollama.com/library/${name}, and the model's config.json; 2026-11-21`;

const smallCache = attention(28, 2, 128);

/** Qwen and what was made from it. */
export const qwenFamily: Readonly<Record<string, ModelData>> = {
    "qwen2:1.5b": {
        kind: "text",
        parameters: 1.54e9,
        disk: 935e6,
        format: "gguf",
        vocabulary: 151_936,
        cache: smallCache,
        longest: 32_768,
        source: page("qwen2"),
    },
    "qwen2.5:0.5b": {
        kind: "text",
        parameters: 494e6,
        disk: 398e6,
        format: "gguf",
        vocabulary: 151_936,
        cache: attention(24, 2, 64),
        longest: 32_768,
        source: page("qwen2.5"),
    },
    "qwen2.5:1.5b": {
        kind: "text",
        parameters: 1.54e9,
        disk: 986e6,
        format: "gguf",
        vocabulary: 151_936,
        cache: smallCache,
        longest: 32_768,
        source: page("qwen2.5"),
    },
    "qwen2.5:3b": {
        kind: "text",
        parameters: 3.09e9,
        disk: 1.93e9,
        format: "gguf",
        vocabulary: 151_936,
        cache: attention(36, 2, 128),
        longest: 32_768,
        source: page("qwen2.5"),
    },
    "qwen2.5:7b": {
        kind: "text",
        parameters: 7.62e9,
        disk: 4.68e9,
        format: "gguf",
        vocabulary: 151_936,
        cache: attention(28, 4, 128),
        longest: 32_768,
        source: page("qwen2.5"),
    },
    "qwen2.5-coder:1.5b": {
        kind: "text",
        parameters: 1.54e9,
        disk: 986e6,
        format: "gguf",
        vocabulary: 151_936,
        cache: smallCache,
        longest: 32_768,
        source: page("qwen2.5-coder"),
    },
    "deepseek-r1:1.5b": {
        kind: "text",
        parameters: 1.78e9,
        disk: 1.12e9,
        format: "gguf",
        vocabulary: 151_936,
        cache: smallCache,
        longest: 131_072,
        source: page("deepseek-r1"),
    },
    // At 4.75 bit a weight: 35 B × 4.75 ÷ 8 = 20.8 GB (computed). 10 of its 40 layers have full attention.
    "qwen3.6:35b-a3b": {
        kind: "vision",
        parameters: 35e9,
        active: 3e9,
        disk: 20.8e9,
        format: "safetensors",
        vocabulary: 248_320,
        cache: attention(10, 2, 256),
        longest: 262_144,
        source: "https://huggingface.co/Qwen/Qwen3.6-35B-A3B; 2026-11-21",
    },
};
