import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadInventory } from "../../components/fleet/load";
import { planModels } from "../../components/models/plan";
import { artifactFile } from "../../lab/artifacts";
import type { Fit } from "../../components/models/fit";
import { makeGguf } from "./gguf";
import { startServer, unpackLlama, type Sizes } from "./server";

const directory = mkdtempSync(join(tmpdir(), "sovereign-edge-capacity-"));
const programs = unpackLlama(directory);
const mib = 2 ** 20;

afterAll(() => {
    rmSync(directory, { recursive: true });
});

interface Planned {
    readonly fit: Fit;
    readonly served: Sizes;
}

/** What the plan says of one model on one machine. */
function planned(models: string): Planned {
    const nodes = "nodes:\n  box: { hardware: amd64-16gb, address: 192.168.1.20 }";
    const text = `version: 1\nfleet: home\n${nodes}\nmodels:\n${models}`;
    const { design, inventory } = loadInventory("home", "home.yaml", text);
    return { fit: design.fits[0]!, served: planModels(inventory)[0]! };
}

/** Memory that llama-server takes with a model after a prompt that fills a batch. */
async function measured(file: string, served: Sizes, words: (index: number) => number): Promise<number> {
    const server = await startServer(programs, file, served);
    try {
        await server.complete(Array.from({ length: 512 }, (_, index) => words(index)));
        return server.resident();
    } finally {
        await server.stop();
    }
}

function compare(fit: Fit, taken: number): void {
    const off = fit.resident / taken - 1;
    const figures = `planned ${fit.arithmetic}, taken ${Math.round(taken / mib)} MiB, off by ${(off * 100).toFixed(1)} %`;
    process.stdout.write(`${fit.model} with ${fit.context} tokens: ${figures}\n`);
    expect(Math.abs(off)).toBeLessThan(0.15);
}

test.each([1024, 8192, 32_768])(
    "gemma3:270m takes what is planned for %d tokens",
    async (context) => {
        const { fit, served } = planned(
            `  engines: { llama.cpp: box }\n  serve: { gemma3:270m: { at: box, context: ${context} } }\n`,
        );
        const file = artifactFile("gemma3", "gemma-3-270m-q4_k_m.gguf");
        compare(fit, await measured(file, served, (index) => 300 + ((index * 7919) % 1000)));
    },
    180_000,
);

test.each([
    "{ at: box, context: 2048 }",
    "{ at: box, context: 8192 }",
    "{ at: box, context: 8192, cache: q8_0 }",
    "{ at: box, context: 2048, parallel: 4 }",
])(
    "a model of which the KV cache is most takes what is planned for %s",
    async (serving) => {
        const shape = { layers: 24, embedding: 64, heads: 8, dimension: 128, context: 8192 };
        const file = join(directory, "made-up.gguf");
        writeFileSync(file, makeGguf(shape));
        const bytes = statSync(file).size;
        const cache = shape.layers * 2 * shape.heads * shape.dimension * 2;
        const described = `{ disk: ${(bytes / 1e6).toFixed(1)}mb, parameters: ${bytes / 4e9}, cache: ${cache} }`;
        const { fit, served } = planned(
            `  engines: { llama.cpp: box }\n  weights: { made-up: ${described} }\n  serve: { made-up: ${serving} }\n`,
        );
        expect(fit.cache).toBeGreaterThan(4 * fit.weights);
        compare(fit, await measured(file, served, (index) => 10 + ((index * 7919) % 200)));
    },
    180_000,
);
