import { z } from "zod";
import { domainName, placement } from "../edge/schema";
import { diskSize } from "../fleet/units";
import { pattern } from "../fleet/zod-patterns";
import { label } from "../node/schema";

/** Engines by the name an inventory uses. */
export const engineNames = ["ollama", "llama.cpp", "vllm", "sglang", "comfyui", "hailo-ollama"] as const;
/** One of them. */
export type EngineName = (typeof engineNames)[number];

const engineOptions = z.strictObject({
    at: placement.describe("Nodes that run it."),
    version: z
        .string()
        .regex(/^v?\d[\w.+-]*$/, "a version like 0.33.0")
        .optional()
        .describe("Its version; ours when left out."),
    utilization: z
        .number()
        .gt(0)
        .lte(1)
        .optional()
        .describe("Share of the whole memory that vllm and sglang take for themselves, 0 to 1."),
    loaded: z.int().min(1).max(64).optional().describe("Models that it keeps in memory at once; 1 when left out."),
    environment: z
        .record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/, "an environment variable's name"), z.string())
        .default({})
        .describe("Variables added to its environment."),
    flags: z.array(z.string()).default([]).describe("Arguments added to its command line."),
});

const engine = z
    .union([placement, engineOptions])
    .transform((value) => (Array.isArray(value) ? { at: value, environment: {}, flags: [] } : value))
    .describe("Nodes that run the engine, or a map of `at` and its options.");

const servedOptions = z.strictObject({
    at: placement.describe("Nodes that serve it, in failover order; NODE/ENGINE where a node runs two engines."),
    context: z.int().min(256).max(4_194_304).optional().describe("Context length in tokens; 4096 when left out."),
    parallel: z
        .int()
        .min(1)
        .max(256)
        .optional()
        .describe("Requests at the same time, each with its own context; 1 when left out."),
    cache: z.enum(["f16", "q8_0", "q4_0"]).optional().describe("Type of the KV cache; f16 when left out."),
    speed: z
        .number()
        .gt(0)
        .optional()
        .describe("Tokens a second that its users need; checked against what the memory can feed."),
});

const served = z
    .union([placement, servedOptions])
    .transform((value) => (Array.isArray(value) ? { at: value } : value))
    .describe("Nodes that serve the model, in failover order, or a map of `at` and its options.");

const weights = z.strictObject({
    disk: diskSize.describe("Size of the weights."),
    kind: z.enum(["text", "vision", "embedding", "image"]).default("text").describe("What it is asked for."),
    parameters: z.number().gt(0).optional().describe("Parameters in billions."),
    active: z
        .number()
        .gt(0)
        .optional()
        .describe("Parameters in billions that one token needs; all of them in a dense model."),
    cache: z.int().min(0).optional().describe("Bytes of KV cache for one token at f16."),
    source: z.string().optional().describe("REPOSITORY@REVISION or URL of the weights."),
});

const exclusive = z.strictObject({
    at: z.string().describe("Node on which at most one of the members is in memory."),
    members: z.array(z.string()).min(2).describe("Models of that node."),
    boot: z
        .string()
        .describe("Member that starts with the machine, or `none`: then nothing answers after a power cut."),
});

/** Models, the engines that run them and the one address they answer at. */
export const modelsSchema = z.strictObject({
    gateway: z
        .strictObject({
            public: domainName.optional().describe("Name on the internet; without it: ai.FLEET.internal on the LAN."),
            keys: z
                .array(label)
                .default([])
                .describe("Names of clients; each needs a key, set by `./fleet secret set gateway-key.NAME`."),
        })
        .default({ keys: [] })
        .describe("The one address that all models answer at, in the form of OpenAI's API."),
    engines: z.partialRecord(z.enum(engineNames), engine).describe("Engine → nodes that run it."),
    weights: z.record(z.string(), weights).default({}).describe("Models that the catalogue does not know."),
    serve: z.record(pattern, served).describe("Model or pattern → nodes that serve it, in order of preference."),
    aliases: z
        .record(
            label,
            z.union([z.string(), z.array(z.string()).min(1)]).transform((to) => (Array.isArray(to) ? to : [to])),
        )
        .default({})
        .describe("Name that clients may ask for → models, in order of preference."),
    exclusive: z.record(label, exclusive).default({}).describe("Groups of which one member at a time is in memory."),
});
