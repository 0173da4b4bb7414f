import { attention, type ModelData } from "./model";

const page = (name: string): string => `https://ollama.com/library/${name}, and the model's config.json; 2026-11-21`;

/** Llama and what was made from it. */
export const llamaFamily: Readonly<Record<string, ModelData>> = {
    "llama3.2:1b": {
        kind: "text",
        parameters: 1.24e9,
        disk: 1.32e9,
        format: "gguf",
        cache: attention(16, 8, 64),
        longest: 131_072,
        source: page("llama3.2"),
    },
    "llama3.2:3b": {
        kind: "text",
        parameters: 3.21e9,
        disk: 2.02e9,
        format: "gguf",
        cache: attention(28, 8, 128),
        longest: 131_072,
        source: page("llama3.2"),
    },
    "llama3.1:8b": {
        kind: "text",
        parameters: 8.03e9,
        disk: 4.92e9,
        format: "gguf",
        cache: attention(32, 8, 128),
        longest: 131_072,
        source: page("llama3.1"),
    },
    "codellama:7b": {
        kind: "text",
        parameters: 6.74e9,
        disk: 3.83e9,
        format: "gguf",
        cache: attention(32, 32, 128),
        longest: 16_384,
        source: page("codellama"),
    },
    "tinyllama:1.1b": {
        kind: "text",
        parameters: 1.1e9,
        disk: 638e6,
        format: "gguf",
        cache: attention(22, 4, 64),
        longest: 2048,
        source: page("tinyllama"),
    },
    "smollm2:360m": {
        kind: "text",
        parameters: 362e6,
        disk: 726e6,
        format: "gguf",
        cache: attention(32, 5, 64),
        longest: 8192,
        source: page("smollm2"),
    },
    "smollm2:1.7b": {
        kind: "text",
        parameters: 1.71e9,
        disk: 1.82e9,
        format: "gguf",
        cache: attention(24, 32, 64),
        longest: 8192,
        source: page("smollm2"),
    },
};
