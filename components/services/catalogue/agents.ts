import { disk, memory, type ServiceType } from "./entry";

/** Agents, identities and money. */
export const agentServices: Readonly<Record<string, ServiceType>> = {
    agent: {
        words: "An agent: a program of yours that asks models",
        listeners: [],
        memory: memory(128),
        disk: disk(200),
        state: ["/var/lib/sovereign-edge/agents"],
        origin: "inventory",
        options: ["image", "secrets", "model", "provider", "requests", "key"],
        many: true,
    },
    openclaw: {
        words: "OpenClaw, an assistant that is asked over chat",
        listeners: [{ protocol: "tcp", port: 18789, scope: "loopback", main: true }],
        memory: memory(512, "estimate for Node.js with one conversation"),
        least: memory(192, "estimate: Node.js with its modules loaded"),
        disk: disk(1500),
        state: ["/var/lib/openclaw"],
        origin: { npm: "openclaw" },
        options: ["public", "ports", "secrets", "model", "provider", "node", "requests"],
        many: true,
        // package.json of openclaw 2026.9.6, `engines`.
        runtime: ">=24.16 <25 || >=26.1",
    },
    "model-proxy": {
        words: "A proxy in front of a model that mends requests",
        listeners: [{ protocol: "tcp", port: 8790, scope: "mesh", main: true, anyPort: true }],
        memory: memory(64),
        disk: disk(100),
        state: [],
        origin: "inventory",
        options: ["image", "ports", "secrets", "model", "provider"],
        many: true,
    },
    mcp: {
        words: "An MCP server (FastMCP)",
        listeners: [{ protocol: "tcp", port: 8000, scope: "mesh", main: true }],
        memory: memory(128),
        least: memory(48, "estimate: Python with its modules loaded"),
        disk: disk(300),
        state: [],
        origin: { pypi: "fastmcp" },
        options: ["public", "image", "ports", "secrets", "model", "provider", "key", "requests"],
        many: true,
        // The MCP registry proves a domain by an ed25519 key in a TXT record.
        key: "ed25519",
    },
    nostr: {
        words: "A Nostr identity that posts",
        listeners: [],
        memory: memory(64),
        disk: disk(100),
        state: ["/var/lib/sovereign-edge/nostr"],
        origin: "inventory",
        options: ["secrets", "key", "provider"],
        many: true,
        // NIP-01: Schnorr signatures over secp256k1 (BIP-340).
        key: "secp256k1",
    },
    "alby-hub": {
        words: "Alby Hub, a Lightning wallet",
        listeners: [
            { protocol: "tcp", port: 8080, scope: "mesh", main: true },
            { protocol: "tcp", port: 9735, scope: "mesh" },
        ],
        memory: memory(512),
        least: memory(192, "estimate: a Lightning node inside"),
        disk: disk(2000),
        state: ["/var/lib/albyhub"],
        origin: { artifact: "albyhub", from: "github.com/getAlby/hub" },
        options: ["ports", "secrets"],
        many: false,
        private: "whoever gets in has the money",
    },
};
