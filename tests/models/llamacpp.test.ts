import { renderLlamaCpp } from "../../components/models/engines/llamacpp/render";
import { planModels } from "../../components/models/plan";
import { loadInventory } from "../../components/fleet/load";

/** The unit of gemma3:270m on one box. */
function unit(engine: string, serving: string): string {
    const nodes = "nodes:\n  box: { hardware: amd64-16gb, address: 192.168.1.20 }";
    const text = `version: 1\nfleet: home\n${nodes}\nmodels:\n  engines: { llama.cpp: ${engine} }\n  serve: { gemma3:270m: ${serving} }\n`;
    const served = planModels(loadInventory("home", "home.yaml", text).inventory)[0]!;
    const artifact = { url: "https://example.org/x", sha256: "0".repeat(64), bytes: 1, arch: "any" as const };
    const role = renderLlamaCpp(served, "b1", artifact, artifact, 1);
    return Object.entries(role.files ?? {}).find(([path]) => path.endsWith(".service"))![1].text;
}

test("requests at the same time share one cache of so many contexts", () => {
    expect(unit("box", "{ at: box, context: 2048, parallel: 4 }")).toContain(
        "--ctx-size 8192 --parallel 4 --cache-ram 0",
    );
});

test("the type of the cache is that of keys and values", () => {
    expect(unit("box", "{ at: box, cache: q8_0 }")).toContain("--cache-type-k q8_0 --cache-type-v q8_0");
});

test("environment and flags reach the engine as they are written", () => {
    const text = unit(
        `{ at: box, environment: { GGML_X: 'a "b" 50% $c' }, flags: [--threads=3, --override-kv, 'a=str:$b %n "c"'] }`,
        "box",
    );
    expect(text).toContain('Environment="GGML_X=a \\"b\\" 50%% $c"');
    expect(text).toContain('--threads=3 --override-kv "a=str:$$b %%n \\"c\\""');
});
