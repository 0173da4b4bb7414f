import { loadInventory } from "../../components/fleet/load";
import { designFleet, type Design } from "../../components/fleet/design";
import { models } from "../../components/models/catalogue";
import type { Fit } from "../../components/models/fit";

const gib = 2 ** 30;

/** Design of a fleet of one Raspberry Pi, one box and one Spark that serves some models. */
function design(written: string): Design {
    const nodes = [
        "  pi: { hardware: pi5-8gb, disk: nvme-256gb, address: 192.168.1.30 }",
        "  spark: { hardware: dgx-spark, disk: nvme-4tb, address: 192.168.1.40 }",
    ];
    const text = `version: 1\nfleet: home\nnodes:\n${nodes.join("\n")}\nmodels:\n${written}\n`;
    return designFleet(loadInventory("home", "home.yaml", text).inventory);
}

const fitOf = (written: string): Fit => design(written).fits[0]!;

// The figures that people quote for Ollama at 4096 tokens, in GiB.
test.each([
    ["llama3.2:1b", 1.6],
    ["gemma2:2b", 2.4],
    ["llama3.2:3b", 2.6],
    ["phi3:mini", 3.9],
    ["codellama:7b", 5.8],
    ["llava:7b", 5],
    ["llama3.1:8b", 5.2],
    ["nomic-embed-text", 0.5],
] as const)("%s takes about %d GiB in ollama", (model, expected) => {
    const { resident } = fitOf(`  engines: { ollama: pi }\n  serve: { "${model}": pi }`);
    expect(Math.abs(resident / gib - expected)).toBeLessThan(0.3);
});

test.each([
    ["llama3.2:1b", 32],
    ["llama3.2:3b", 112],
    ["phi3:mini", 384],
    ["gemma2:2b", 104],
    ["codellama:7b", 512],
    ["mixtral:8x7b", 128],
    ["mistral-small-4:119b", 22.5],
] as const)("%s keeps %d KiB of every token", (model, expected) => {
    const { layers, values } = models[model]!.cache!;
    expect((layers * values * 2) / 1024).toBe(expected);
});

test("a cache of 8 or 4 bits takes half or a quarter, and a little for its scales", () => {
    const cache = (kind: string): number =>
        fitOf(`  engines: { llama.cpp: pi }\n  serve: { llama3.2:3b: { at: pi, cache: ${kind} } }`).cache;
    expect(cache("q8_0") / cache("f16")).toBeCloseTo(0.531, 3);
    expect(cache("q4_0") / cache("f16")).toBeCloseTo(0.281, 3);
});

test("requests at the same time have a context each", () => {
    const one = fitOf("  engines: { llama.cpp: pi }\n  serve: { llama3.2:1b: pi }");
    const four = fitOf("  engines: { llama.cpp: pi }\n  serve: { llama3.2:1b: { at: pi, parallel: 4 } }");
    expect(four.cache).toBe(4 * one.cache);
});

test("the roof is the bandwidth by the bytes that a token reads", () => {
    expect(fitOf("  engines: { ollama: pi }\n  serve: { llama3.2:3b: pi }").roof).toBeCloseTo(4.95, 2);
    const experts = fitOf(
        '  engines: { vllm: { at: spark, utilization: 0.8 } }\n  serve: { "mistral-small-4:119b": spark }',
    );
    expect(experts.roof).toBeCloseTo(69.4, 1);
});

test("ollama keeps its largest model, llama.cpp all of them", () => {
    const serve = '  serve: { "{llama3.2:1b,llama3.2:3b}": pi }';
    const items = (engine: string): string[] =>
        design(`  engines: { ${engine}: pi }\n${serve}`).budgets["pi"]!.memory.items.map(({ what }) => what);
    expect(items("ollama")).toEqual(["llama3.2:3b, the largest of 2 in ollama", "caddy"]);
    expect(items("llama.cpp")).toEqual(["llama3.2:3b", "llama3.2:1b", "caddy"]);
});

test("of an exclusive group only the largest member counts, on the disk all of them", () => {
    const { memory, disk } = design(
        [
            "  engines: { vllm: { at: spark, utilization: 0.6 }, sglang: { at: spark, utilization: 0.75 } }",
            '  serve: { "qwen3.6:35b-a3b": spark/vllm, "mistral-small-4:119b": spark/sglang }',
            '  exclusive: { turns: { at: spark, members: ["qwen3.6:35b-a3b", "mistral-small-4:119b"], boot: "qwen3.6:35b-a3b" } }',
        ].join("\n"),
    ).budgets["spark"]!;
    expect(memory.items[0]!.what).toBe("mistral-small-4:119b, the largest of the exclusive group turns");
    expect(memory.items[0]!.bytes / memory.size).toBeCloseTo(0.75, 5);
    expect(disk!.items.map(({ bytes }) => Math.round(bytes / 1e9)).slice(0, 2)).toEqual([72, 21]);
});

test("what the inventory describes goes before the catalogue", () => {
    const { weights, cache } = fitOf(
        "  engines: { ollama: pi }\n  weights: { llama3.2:3b: { disk: 1gb, cache: 1024 } }\n  serve: { llama3.2:3b: pi }",
    );
    expect([weights, cache]).toEqual([1e9, 4096 * 1024]);
});
