import type { Gateway } from "../plan";

/** Directory of a host's static pages. */
export function webRoot(host: string): string {
    return `/var/www/sovereign-edge/${host}`;
}

/**
 * The lines of the gateway's site in a Caddyfile: the OpenAI-compatible API below /v1/, a chat page elsewhere. Keys are
 * read from files at run time, so that the configuration holds none.
 */
export function renderGatewaySite(gateway: Gateway, credentials: string): string[] {
    const key = gateway.upstreams[0]?.apiKey ?? "";
    return [
        "handle /v1/* {",
        ...refusal(gateway, credentials).map((line) => `\t${line}`),
        `\treverse_proxy ${gateway.upstreams.map((served) => `${served.host}:${served.port}`).join(" ")} {`,
        `\t\theader_up Authorization "Bearer {file.${credentials}/${key}}"`,
        "\t\tlb_try_duration 5s",
        ...preference(gateway),
        "\t}",
        "}",
        "handle {",
        `\troot * ${webRoot(gateway.host)}`,
        "\tfile_server",
        "}",
    ];
}

/** With one upstream a mark of failure would only turn a hiccup into ten seconds of 502. */
function preference(gateway: Gateway): string[] {
    return gateway.upstreams.length === 1 ? [] : ["\t\tlb_policy first", "\t\tfail_duration 10s"];
}

function refusal(gateway: Gateway, credentials: string): string[] {
    if (gateway.keys.length === 0) return [];
    return [
        "@stranger {",
        ...gateway.keys.map((key) => `\tnot header Authorization "Bearer {file.${credentials}/${key}}"`),
        "}",
        'respond @stranger "This gateway asks for a key: send Authorization: Bearer KEY." 401',
    ];
}
