/** Shape of a made-up model of the architecture `llama`. */
export interface Shape {
    readonly layers: number;
    readonly embedding: number;
    /** Heads of the attention, each with a key and a value of its own. */
    readonly heads: number;
    readonly dimension: number;
    readonly context: number;
}

type Value = { readonly text: string } | { readonly u32: number } | { readonly f32: number } | ArrayValue;
type ArrayValue =
    { readonly texts: readonly string[] } | { readonly f32s: readonly number[] } | { readonly i32s: readonly number[] };

interface Tensor {
    readonly name: string;
    /** Innermost dimension first, as GGUF has it. */
    readonly size: readonly number[];
}

const alignment = 32;
const types = { u32: 4, i32: 5, f32: 6, text: 8, array: 9 } as const;

/**
 * A GGUF file (version 3, github.com/ggml-org/ggml docs/gguf.md) with random weights in f32 and a vocabulary of bytes: nonsense
 * to read, but a model that llama-server loads and runs like any other.
 */
export function makeGguf(shape: Shape): Buffer {
    const tensors = tensorsOf(shape);
    const metadata = metadataOf(shape);
    let offset = 0;
    const infos = tensors.map((tensor) => {
        const info = Buffer.concat([
            text(tensor.name),
            u32(tensor.size.length),
            ...tensor.size.map(u64),
            u32(0), // GGML_TYPE_F32
            u64(offset),
        ]);
        offset += padded(4 * count(tensor));
        return info;
    });
    const pairs = Object.entries(metadata).map(([key, value]) => Buffer.concat([text(key), encode(value)]));
    const head = Buffer.concat([
        Buffer.from("GGUF"),
        u32(3),
        u64(tensors.length),
        u64(pairs.length),
        ...pairs,
        ...infos,
    ]);
    const padding = Buffer.alloc(padded(head.length) - head.length);
    return Buffer.concat([head, padding, ...tensors.map(weights)]);
}

const vocabulary = ["<unk>", "<s>", "</s>", ...Array.from({ length: 256 }, (_, byte) => `<0x${hex(byte)}>`)];

function hex(byte: number): string {
    return byte.toString(16).toUpperCase().padStart(2, "0");
}

function metadataOf({ layers, embedding, heads, dimension, context }: Shape): Record<string, Value> {
    return {
        "general.architecture": { text: "llama" },
        "general.name": { text: "made up" },
        "llama.block_count": { u32: layers },
        "llama.context_length": { u32: context },
        "llama.embedding_length": { u32: embedding },
        "llama.feed_forward_length": { u32: 2 * embedding },
        "llama.attention.head_count": { u32: heads },
        "llama.attention.head_count_kv": { u32: heads },
        "llama.attention.key_length": { u32: dimension },
        "llama.attention.value_length": { u32: dimension },
        "llama.attention.layer_norm_rms_epsilon": { f32: 1e-5 },
        "llama.rope.dimension_count": { u32: dimension },
        "llama.vocab_size": { u32: vocabulary.length },
        "tokenizer.ggml.model": { text: "llama" },
        "tokenizer.ggml.tokens": { texts: vocabulary },
        "tokenizer.ggml.scores": { f32s: vocabulary.map(() => 0) },
        // unknown, control, control, then bytes (llama.h, llama_token_type).
        "tokenizer.ggml.token_type": { i32s: vocabulary.map((_, index) => [2, 3, 3][index] ?? 6) },
        "tokenizer.ggml.bos_token_id": { u32: 1 },
        "tokenizer.ggml.eos_token_id": { u32: 2 },
        "tokenizer.ggml.unknown_token_id": { u32: 0 },
    };
}

function tensorsOf({ layers, embedding, heads, dimension }: Shape): Tensor[] {
    const wide = heads * dimension;
    const blocks = Array.from({ length: layers }, (_, layer): Tensor[] =>
        Object.entries({
            attn_norm: [embedding],
            attn_q: [embedding, wide],
            attn_k: [embedding, wide],
            attn_v: [embedding, wide],
            attn_output: [wide, embedding],
            ffn_norm: [embedding],
            ffn_gate: [embedding, 2 * embedding],
            ffn_up: [embedding, 2 * embedding],
            ffn_down: [2 * embedding, embedding],
        }).map(([name, size]) => ({ name: `blk.${layer}.${name}.weight`, size })),
    );
    return [
        { name: "token_embd.weight", size: [embedding, vocabulary.length] },
        ...blocks.flat(),
        { name: "output_norm.weight", size: [embedding] },
        { name: "output.weight", size: [embedding, vocabulary.length] },
    ];
}

/** Small numbers that repeat: that they are no good matters to nobody. */
function weights(tensor: Tensor): Buffer {
    const numbers = Float32Array.from(
        { length: count(tensor) },
        (_, index) => (((index * 2_654_435_761) % 1000) - 500) / 1e4,
    );
    const bytes = Buffer.from(numbers.buffer);
    return Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)]);
}

function count({ size }: Tensor): number {
    return size.reduce((product, length) => product * length, 1);
}

function padded(bytes: number): number {
    return Math.ceil(bytes / alignment) * alignment;
}

function encode(value: Value): Buffer {
    if ("text" in value) return Buffer.concat([u32(types.text), text(value.text)]);
    if ("u32" in value) return Buffer.concat([u32(types.u32), u32(value.u32)]);
    if ("f32" in value) return Buffer.concat([u32(types.f32), f32(value.f32)]);
    return Buffer.concat([u32(types.array), ...elements(value)]);
}

function elements(value: ArrayValue): Buffer[] {
    if ("texts" in value) return [u32(types.text), u64(value.texts.length), ...value.texts.map(text)];
    if ("f32s" in value) return [u32(types.f32), u64(value.f32s.length), ...value.f32s.map(f32)];
    return [u32(types.i32), u64(value.i32s.length), ...value.i32s.map(u32)];
}

function text(value: string): Buffer {
    return Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
}

function u32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
}

function u64(value: number): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
}

function f32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return bytes;
}
