import { certificateSecret, keySecret } from "../models/gateway/secrets";
import { renderGatewaySite } from "../models/gateway/render";
import type { EdgePlan } from "./plan";

/** Where Caddy finds what it must not have in its configuration: keys of engines and clients, own certificates. */
export const credentials = "/etc/caddy/credentials";

/** Where it keeps certificates and accounts. */
export const storage = "/var/lib/caddy";

/** The Caddyfile of a node (caddyserver.com/docs/caddyfile), as `caddy fmt` would print it. */
export function renderCaddyfile(plan: EdgePlan): string {
    const sites = plan.gateways.map((gateway) =>
        block(gateway.host, [
            ...(gateway.public
                ? []
                : [`tls ${credentials}/${certificateSecret(gateway.host)} ${credentials}/${keySecret(gateway.host)}`]),
            ...headerBlock(plan.headers),
            ...renderGatewaySite(gateway, credentials),
        ]),
    );
    return [block("", globalOptions(plan)), ...sites].map((lines) => lines.join("\n") + "\n").join("\n");
}

function globalOptions(plan: EdgePlan): string[] {
    return [
        // A socket and not localhost:2019: the API has no authentication, and every local user can reach a port.
        "admin unix//run/caddy/admin.sock",
        `storage file_system ${storage}`,
        "persist_config off",
        // The default waits for ever for open streams.
        "grace_period 10s",
        ...(plan.acme === undefined ? [] : [`email ${plan.acme.email}`]),
        ...(plan.acme?.directory === undefined ? [] : [`acme_ca ${plan.acme.directory}`]),
    ];
}

function headerBlock(headers: Readonly<Record<string, string>>): string[] {
    const lines = Object.keys(headers)
        .sort()
        .map((name) => `\t${name} "${headers[name] ?? ""}"`);
    return lines.length === 0 ? [] : ["header {", ...lines, "}"];
}

/** A named block with its lines indented by a tab. */
function block(name: string, lines: readonly string[]): string[] {
    return [name === "" ? "{" : `${name} {`, ...lines.map((line) => `\t${line}`), "}"];
}
