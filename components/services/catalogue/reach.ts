import { disk, memory, type ServiceType } from "./entry";

/** How machines and people find and reach each other. */
export const reachServices: Readonly<Record<string, ServiceType>> = {
    pihole: {
        words: "Pi-hole, a resolver for the LAN that blocks advertising",
        listeners: [
            { protocol: "tcp", port: 53, scope: "lan" },
            { protocol: "udp", port: 53, scope: "lan" },
            { protocol: "tcp", port: 80, scope: "lan", main: true },
            { protocol: "tcp", port: 443, scope: "lan", unlessMoved: true },
        ],
        memory: memory(128, "docs.pi-hole.net asks for 512 MB of the whole machine; a quarter of it is estimate"),
        disk: disk(2000, "docs.pi-hole.net, prerequisites: 2 GB"),
        state: ["/etc/pihole"],
        origin: { artifact: "pihole", from: "github.com/pi-hole" },
        options: ["ports", "secrets"],
        many: false,
        private: "an open resolver is used to flood others (RFC 5358)",
    },
    tor: {
        words: "Tor, for onion services",
        listeners: [],
        memory: memory(64),
        disk: disk(100),
        state: ["/var/lib/tor"],
        origin: { debian: "tor" },
        options: ["key"],
        many: false,
        // rend-spec-v3: an onion address is an ed25519 public key.
        key: "ed25519",
        outside: [{ name: "the Tor network", role: "hosting", stops: "onion addresses", when: "at once" }],
    },
    tailscale: {
        words: "Tailscale, a second way in for operators",
        listeners: [{ protocol: "udp", port: 41641, scope: "public" }],
        memory: memory(64),
        disk: disk(100),
        state: ["/var/lib/tailscale"],
        origin: { apt: "tailscale", from: "pkgs.tailscale.com" },
        options: ["secrets"],
        many: false,
        everywhere: true,
        outside: [
            {
                name: "Tailscale's control plane",
                role: "api",
                stops: "joining and renewing keys of its overlay; the fleet's own mesh does not need it",
                when: "later",
            },
        ],
    },
    headscale: {
        words: "Headscale, a control plane for Tailscale's clients that is your own",
        listeners: [
            { protocol: "tcp", port: 8080, scope: "mesh", main: true },
            { protocol: "tcp", port: 9090, scope: "loopback" },
        ],
        memory: memory(64),
        disk: disk(100),
        state: ["/var/lib/headscale"],
        origin: { artifact: "headscale", from: "github.com/juanfont/headscale" },
        options: ["public", "ports"],
        many: false,
    },
};
