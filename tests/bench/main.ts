import { fleet, must, on, operator, pulumi } from "../lab/support";
import { idleRows } from "./idle";
import { measure, table, type Row } from "./measure";
import { curveTable, planCurve } from "./plan";
import { scaleRows } from "./scale";
import { sixtyFourRows } from "./sixty-four";

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
    console.log(curveTable(planCurve()));
    console.log(table("engine (ms)", await engineRows()));
    const { times, memory } = await idleRows();
    console.log(table("converge.py on a node (ms)", times));
    console.log(table("converge.py on a node (MB at most)", memory));
    console.log(table("requests (ms)", await requestRows()));
    console.log(table("scale (ms)", await scaleRows()));
    console.log(table("64 planned nodes (ms)", await sixtyFourRows()));
}

void main();
