import { planFleet } from "../../components/fleet/plan";
import { fleet, must, on, operator, pulumi } from "../lab/support";
import { stackOf } from "../support/stack";
import { idleRows } from "./idle";
import { measure, table, type Row } from "./measure";
import { scaleRows } from "./scale";

/** An inventory of `count` nodes in one home, one of them public. */
function inventory(count: number): string {
    const home = Array.from({ length: count - 1 }, (_, i) => {
        const [high, low] = [Math.floor(i / 250), (i % 250) + 1];
        return `  node-${i}: { hardware: pi5-8gb, location: home, address: 192.168.${high}.${low}, mesh: 10.44.${high}.${low} }`;
    });
    return [
        "version: 1",
        "fleet: many",
        "mesh: { network: 10.44.0.0/16 }",
        "locations: { home: { lan: 192.168.0.0/16 } }",
        "nodes:",
        ...home,
        "  public: { hardware: amd64-4gb, address: 203.0.113.10, mesh: 10.44.200.1 }",
        "edge: { at: public, acme: ops@many.example }",
        "dns: { primary: public }",
        "domains: { many.example: {} }",
        "models: { gateway: { public: ai.many.example }, engines: { llama.cpp: node-0 }, serve: { 'gemma3:270m': node-0 } }",
    ].join("\n");
}

async function planRows(): Promise<Row[]> {
    const rows: Row[] = [];
    for (const count of [3, 10, 30, 100]) {
        const text = inventory(count);
        rows.push(
            await measure(`${count} nodes: parse, check, plan, render`, 5, () => planFleet(stackOf("many", text))),
        );
    }
    return rows;
}

async function engineRows(): Promise<Row[]> {
    return [
        await measure("pulumi preview, unchanged", 5, () => pulumi("preview", "--expect-no-changes")),
        await measure("./fleet up, unchanged", 5, () => fleet("up")),
        await measure("./fleet status", 5, () => fleet("status")),
        await measure("npm run up, unchanged", 3, () => must(["npm", "run", "-s", "up"])),
    ];
}

async function requestRows(): Promise<Row[]> {
    const body = JSON.stringify({
        model: "gemma3:270m",
        messages: [{ role: "user", content: "One" }],
        max_tokens: 32,
        ignore_eos: true,
        temperature: 0,
    });
    const upstream =
        /reverse_proxy (\S+)/.exec((await on("gematria", "cat", "/etc/caddy/Caddyfile")).stdout)?.[1] ?? "";
    const key = "/etc/caddy/credentials/model-key.gemma3-270m";
    const direct = `curl -sS --fail -H "Authorization: Bearer $(cat ${key})" -H 'Content-Type: application/json' -d '${body}' http://${upstream}/v1/chat/completions`;
    const post = ["curl", "-sS", "--fail", "-H", "Content-Type: application/json", "-d", body];
    return [
        await measure("32 tokens, asked on gematria through the mesh", 5, () => on("gematria", "sh", "-c", direct)),
        await measure("32 tokens, asked at home through the edge", 5, () =>
            operator([...post, "https://ai.dev.example/v1/chat/completions"]),
        ),
        await measure("the chat page through the edge", 5, () =>
            operator(["curl", "-sS", "--fail", "https://ai.dev.example/"]),
        ),
    ];
}

async function main(): Promise<void> {
    console.log(table("plan (ms)", await planRows()));
    console.log(table("engine (ms)", await engineRows()));
    const { times, memory } = await idleRows();
    console.log(table("converge.py on a node (ms)", times));
    console.log(table("converge.py on a node (MB at most)", memory));
    console.log(table("requests (ms)", await requestRows()));
    console.log(table("scale (ms)", await scaleRows()));
}

void main();
