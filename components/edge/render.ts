import type { DesiredArtifact, DesiredFile, Role } from "../converge/schema";
import type { Gateway } from "../models/plan";
import { certificateSecret, keySecret } from "../models/gateway/secrets";
import { webRoot } from "../models/gateway/render";
import { renderAccountScript } from "./account";
import { credentials, renderCaddyfile, storage } from "./caddyfile";
import type { EdgePlan } from "./plan";

const caddyfile = "/etc/caddy/Caddyfile";
const accountScript = "/etc/caddy/account.sh";
const unitFile = "/etc/systemd/system/caddy.service";

/** The role `caddy`: TLS edge of a node. A changed Caddyfile is reloaded, a changed binary or unit restarts it. */
export function renderCaddy(
    plan: EdgePlan,
    version: string,
    artifact: DesiredArtifact,
    generations: Readonly<Record<string, number>>,
    chatPage: string,
): Role {
    const directory = `/opt/sovereign-edge/caddy-${version}`;
    const binary = `${directory}/caddy`;
    const own = plan.account === undefined ? [] : [plan.account.secret];
    const secrets = [...plan.gateways.flatMap(secretsOf), ...own];
    return {
        secrets: Object.fromEntries(secrets.map((name) => [name, generations[name] ?? 1])),
        users: { caddy: { home: "/var/lib/caddy" } },
        directories: directories(plan),
        artifacts: { [directory]: artifact },
        files: files(plan, binary, secrets, chatPage),
        links: { "/usr/local/bin/caddy": { target: binary } },
        units: {
            "caddy.service": {
                enabled: true,
                running: true,
                reloadOn: { [caddyfile]: true, ...certificatePaths(plan), ...accountPaths(plan) },
                restartOn: { [unitFile]: true, [directory]: true },
            },
        },
        checks: { listens: { tcp: "127.0.0.1:443", within: 15 } },
        // Certificates and nothing else is its data, and every version reads those of the others.
        rollback: "binary",
    };
}

function files(
    plan: EdgePlan,
    binary: string,
    secrets: readonly string[],
    chatPage: string,
): Record<string, DesiredFile> {
    const check = [binary, "validate", "--adapter", "caddyfile", "--config", "{}"];
    return {
        ...Object.fromEntries(secrets.map((name) => [`${credentials}/${name}`, credentialFile(name)])),
        ...pages(plan, chatPage),
        [caddyfile]: {
            mode: "0644",
            owner: "root:root",
            text: renderCaddyfile(plan),
            // As the service's own user: provisioning may create files in its storage.
            validate: ["runuser", "-u", "caddy", "--", ...check],
        },
        ...(plan.account === undefined
            ? {}
            : { [accountScript]: { mode: "0755", owner: "root:root", text: renderAccountScript(plan.account) } }),
        [unitFile]: { mode: "0644", owner: "root:root", text: renderUnit(binary, plan.account !== undefined) },
    };
}

function secretsOf(gateway: Gateway): string[] {
    const upstreams = gateway.upstreams.map((served) => served.apiKey);
    const own = gateway.public ? [] : [certificateSecret(gateway.host), keySecret(gateway.host)];
    return [...new Set([...upstreams, ...gateway.keys, ...own])].sort();
}

function credentialFile(name: string): DesiredFile {
    return { mode: "0640", owner: "root:caddy", text: `{{secret:${name}}}\n` };
}

function certificatePaths(plan: EdgePlan): Record<string, true> {
    const names = plan.gateways.filter((gateway) => !gateway.public).map((gateway) => gateway.host);
    return Object.fromEntries(
        names
            .flatMap((host) => [certificateSecret(host), keySecret(host)])
            .map((name) => [`${credentials}/${name}`, true]),
    );
}

function accountPaths({ account }: EdgePlan): Record<string, true> {
    return account === undefined ? {} : { [accountScript]: true, [`${credentials}/${account.secret}`]: true };
}

function directories(plan: EdgePlan): Role["directories"] {
    const roots = plan.gateways.map((gateway) => webRoot(gateway.host));
    return {
        "/opt/sovereign-edge": { mode: "0755", owner: "root:root" },
        "/etc/caddy": { mode: "0755", owner: "root:root" },
        [credentials]: { mode: "0750", owner: "root:caddy" },
        // Certificates and account keys: data that a CA's rate limits make worth keeping.
        [storage]: { mode: "0750", owner: "caddy:caddy", keep: true },
        "/var/www/sovereign-edge": { mode: "0755", owner: "root:root" },
        ...Object.fromEntries(roots.map((root) => [root, { mode: "0755", owner: "root:root" }])),
    };
}

function pages(plan: EdgePlan, chatPage: string): Record<string, DesiredFile> {
    return Object.fromEntries(
        plan.gateways.map((gateway) => [
            `${webRoot(gateway.host)}/index.html`,
            {
                mode: "0644",
                owner: "root:root",
                text: chatPage.replaceAll("{{model}}", gateway.upstreams[0]?.model ?? ""),
            },
        ]),
    );
}

function renderUnit(binary: string, hasAccount: boolean): string {
    const account = (setting: string): string[] => (hasAccount ? [`${setting}=${accountScript}`] : []);
    return [
        "[Unit]",
        "Description=Caddy, the TLS edge",
        "After=network-online.target",
        "Wants=network-online.target",
        "",
        "[Service]",
        "Type=notify",
        "User=caddy",
        "Group=caddy",
        ...account("ExecStartPre"),
        `ExecStart=${binary} run --config ${caddyfile}`,
        ...account("ExecReload"),
        `ExecReload=${binary} reload --config ${caddyfile} --address unix//run/caddy/admin.sock`,
        "Restart=on-failure",
        "RuntimeDirectory=caddy",
        "LimitNOFILE=1048576",
        "AmbientCapabilities=CAP_NET_BIND_SERVICE",
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        `ReadWritePaths=${storage}`,
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ].join("\n");
}
