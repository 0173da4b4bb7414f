import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { artifactFile, cacheDirectory, recipeDirectory } from "./artifacts";
import { catalogue } from "./downloads";
import { OPERATOR_KEY, ROOT_CERTIFICATE, ensureLeaf, trustIssuingRoot } from "./identity";
import { AGENT, RUN } from "./paths";
import { ACME_HOST, ARTIFACT_HOSTS, CLOUD, SERVICES, bridgeOf, dnsmasqArguments, namespaceOf } from "./plan";
import type { Service } from "./daemon";
import { ask, inNamespace } from "./shell";

const INTERNET = bridgeOf("internet");
export const ACME_MANAGEMENT_PORT = 15000;

function curl(host: string, address: string, port: number, path: string): string | undefined {
    const argv = [
        "curl",
        "-sS",
        "--noproxy",
        "*",
        "--max-time",
        "2",
        "--cacert",
        ROOT_CERTIFICATE,
        "--resolve",
        `${host}:${port}:${address}`,
        `https://${host}:${port}${path}`,
    ];
    return ask(inNamespace(INTERNET, argv));
}

const dns: Service = {
    name: "dns",
    argv: () => inNamespace(INTERNET, ["dnsmasq", ...dnsmasqArguments()]),
    // Asked from the operator's place, which proves the router as well.
    isReady: () => ask(["ip", "netns", "exec", namespaceOf("operator"), "getent", "ahostsv4", ACME_HOST]) !== undefined,
};

/** The Debian mirrors that the host itself uses, by the name of their directory. */
export function mirrors(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const name of ["debian", "debian-security"]) {
        const mirror =
            (name === "debian" ? process.env.LAB_DEBIAN_MIRROR : undefined) ??
            ask(["sh", join(recipeDirectory("debian-13"), "mirror"), name]);
        if (mirror !== undefined) found[name] = mirror.trim();
    }
    return found;
}

/** The proxy that the host's apt goes through; empty when it needs none. */
export function hostProxy(): string {
    return /'(.*)'/.exec(ask(["apt-config", "shell", "proxy", "Acquire::http::Proxy"]) ?? "")?.[1] ?? "";
}

const downloads: Service = {
    name: "downloads",
    argv: () => {
        const config = {
            namespace: `/run/netns/${INTERNET}`,
            address: SERVICES.artifacts,
            ports: { http: 80, https: 443 },
            ...ensureLeaf("downloads", ARTIFACT_HOSTS),
            cache: join(cacheDirectory(), "lab", "packages"),
            mirrors: mirrors(),
            proxy: hostProxy(),
            ...catalogue(),
        };
        const path = join(RUN, "downloads.json");
        writeFileSync(path, JSON.stringify(config, undefined, 2));
        return ["python3", "-B", join(__dirname, "server", "main.py"), path];
    },
    isReady: () => curl("github.com", SERVICES.artifacts, 443, "/") !== undefined,
};

const acme: Service = {
    name: "acme",
    // No waiting and no deliberate refusals: they are for testing ACME clients, which this is not.
    env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0" },
    argv: () => {
        const { certificate, key } = ensureLeaf("acme", [ACME_HOST]);
        const pebble = {
            listenAddress: `${SERVICES.acme}:443`,
            managementListenAddress: `${SERVICES.acme}:${ACME_MANAGEMENT_PORT}`,
            certificate,
            privateKey: key,
            httpPort: 80,
            tlsPort: 443,
            ocspResponderURL: "",
            externalAccountBindingRequired: false,
        };
        const path = join(RUN, "acme.json");
        writeFileSync(path, JSON.stringify({ pebble }, undefined, 2));
        return inNamespace(INTERNET, [
            artifactFile("pebble", "pebble"),
            "-config",
            path,
            "-dnsserver",
            `${SERVICES.dns}:53`,
        ]);
    },
    isReady: () => {
        const root = curl(ACME_HOST, SERVICES.acme, ACME_MANAGEMENT_PORT, "/roots/0");
        if (root === undefined || curl(ACME_HOST, SERVICES.acme, 443, "/dir") === undefined) return false;
        trustIssuingRoot(root);
        return true;
    },
};

const agent: Service = {
    name: "agent",
    argv: () => {
        rmSync(AGENT, { force: true });
        return ["ssh-agent", "-D", "-a", AGENT];
    },
    isReady: () =>
        existsSync(AGENT) &&
        ask(["ssh-add", "-q", OPERATOR_KEY], { env: { ...process.env, SSH_AUTH_SOCK: AGENT } }) !== undefined,
};

const cloud: Service = {
    name: "cloud",
    argv: () => {
        const register = join(__dirname, "..", "tools", "register.js");
        return inNamespace(INTERNET, [process.execPath, "--require", register, join(__dirname, "cloud", "main.ts")]);
    },
    isReady: () => curl(CLOUD.host, SERVICES.cloud, 443, "/") !== undefined,
};

/** Everything that runs on the lab's internet, and the operator's agent, in the order of need. */
export const ALL_SERVICES: readonly Service[] = [dns, downloads, acme, agent, cloud];
