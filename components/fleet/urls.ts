import { planGateway, type Gateway } from "../models/plan";
import type { Stack } from "./stack";

/** An address that people use, with a command that shows that it works. */
export interface Url {
    readonly name: string;
    readonly url: string;
    /** Arguments of curl. */
    readonly curl: readonly string[];
}

/** What a fleet answers at. */
export function planUrls(stack: Stack): Url[] {
    const gateway = planGateway(stack.inventory);
    if (gateway === undefined) return [];
    const node = gateway.nodes[0] ?? "";
    const address = stack.inventory.nodes[node]?.address ?? "";
    const trust = gateway.public ? [] : ["--cacert", stack.shownCa, "--resolve", `${gateway.host}:443:${address}`];
    return [
        {
            name: "models",
            url: `https://${gateway.host}/v1`,
            curl: [
                "-sS",
                ...trust,
                ...keyHeader(gateway),
                `https://${gateway.host}/v1/chat/completions`,
                ...question(gateway),
            ],
        },
        { name: "chat", url: `https://${gateway.host}/`, curl: ["-sS", ...trust, `https://${gateway.host}/`] },
    ];
}

function keyHeader(gateway: Gateway): string[] {
    return gateway.keys.length === 0 ? [] : ["-H", "Authorization: Bearer YOUR-KEY"];
}

function question(gateway: Gateway): string[] {
    const body = {
        model: gateway.upstreams[0]?.model ?? "",
        messages: [{ role: "user", content: "The capital of France is" }],
        max_tokens: 16,
    };
    return ["-H", "Content-Type: application/json", "-d", JSON.stringify(body)];
}
