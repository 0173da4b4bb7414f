import { fleet, must, on, operator, pulumi } from "../lab/support";
import { idleRows } from "./idle";
import { measure, table, type Row } from "./measure";
import { curveTable, planCurve } from "./plan";
import { scaleRows } from "./scale";
import { sixtyFourTable } from "./sixty-four";

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

/** What is measured, by name. */
const groups: Readonly<Record<string, () => Promise<string>>> = {
    plan: () => Promise.resolve(curveTable(planCurve())),
    engine: async () => table("engine (ms)", await engineRows()),
    idle: async () => {
        const { times, processor, memory } = await idleRows();
        return [
            table("converge.py on a node (ms)", times),
            table("converge.py on a node (ms of processor time)", processor),
            table("converge.py on a node (MB at most)", memory),
        ].join("\n");
    },
    requests: async () => table("requests (ms)", await requestRows()),
    scale: async () => table("scale (ms)", await scaleRows()),
    "sixty-four": sixtyFourTable,
};

/** Prints the groups that are named, or all. */
async function main(names: readonly string[]): Promise<void> {
    const unknown = names.filter((name) => groups[name] === undefined);
    if (unknown.length > 0)
        throw new Error(`No group ${unknown.join(", ")}. Known: ${Object.keys(groups).join(", ")}.`);
    const wanted = names.length === 0 ? Object.keys(groups) : names;
    for (const name of wanted) console.log(await groups[name]?.());
}

void main(process.argv.slice(2));
