/** What a model is for: a chat alias takes `text` and `vision`. */
export type ModelKind = "text" | "vision" | "embedding" | "image";

/** What a model keeps of every token while it answers. */
export interface Cache {
    /** Layers that keep something for every token (in hybrids only those with full attention). */
    readonly layers: number;
    /** Numbers that one layer keeps of one token. */
    readonly values: number;
    /** Layers that only look back over the last `tokens`. */
    readonly window?: { readonly layers: number; readonly tokens: number };
}

/** Facts of a model's weights, as published. */
export interface ModelData {
    readonly kind: ModelKind;
    /** All of them, projectors and encoders too. */
    readonly parameters: number;
    /** Those that one token is computed with, when it is not all: mixtures of experts, and image encoders beside a text model. */
    readonly active?: number;
    /** Size of the files, bytes: what they take on the disk and, but for a few per cent, in memory. */
    readonly disk: number;
    /** GGUF is what Ollama and llama.cpp read; the others read safetensors. */
    readonly format: "gguf" | "safetensors";
    /** Tokens of its vocabulary. */
    readonly vocabulary: number;
    /** Left out where no token is kept: embeddings and images. */
    readonly cache?: Cache;
    /** Context that it was made for, tokens. */
    readonly longest: number;
    /** Where the figures stand, and the day on which they were compared with it; without a day they were taken over. */
    readonly source: string;
    /** File of weights, where the program can serve it already. */
    readonly url?: string;
    /** `repository@revision` of that file. */
    readonly version?: string;
}

/**
 * Cache of a model with grouped-query attention: a key and a value in every layer for every head of those that are kept.
 * @param heads key/value heads: as many as query heads in old models (MHA), a few in new ones (GQA)
 * @param dimension of one head
 */
export function attention(layers: number, heads: number, dimension: number, window?: Cache["window"]): Cache {
    return { layers, values: 2 * heads * dimension, ...(window === undefined ? {} : { window }) };
}

/** Cache of a model with multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): one compressed row and its position part. */
export function latentAttention(layers: number, rank: number, position: number): Cache {
    return { layers, values: rank + position };
}

/** Source of what Ollama's library has: the size from its page, the shape from the model's own config.json. */
export function page(name: string, compared?: string): string {
    return `https://ollama.com/library/${name} and the model's config.json${compared === undefined ? "" : `; ${compared}`}`;
}
