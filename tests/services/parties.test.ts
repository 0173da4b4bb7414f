import { shop } from "./support";

function parties(more: string): Record<string, string> {
    const { design } = shop(more);
    return Object.fromEntries(
        design.parties.map(({ name, role, stops, when }) => [`${name} (${role})`, `${when}: ${stops.join("; ")}`]),
    );
}

test("who rents out machines, lines and names is said, with what stops", () => {
    const all = parties("websites: { blog: { at: box, public: blog.shop.example } }");
    expect(all["DigitalOcean (hosting)"]).toBe("at once: west");
    expect(all["the host of east (hosting)"]).toBe("at once: east");
    expect(all["the internet line of the LAN (uplink)"]).toContain("what box answers beyond its LAN");
    expect(all["registrar.example (registrar)"]).toContain("shop.example");
    expect(all["Let's Encrypt (certificates)"]).toMatch(/the 1 public name$/);
    expect(all["deb.debian.org (packages)"]).toBe("later: security updates and new machines");
});

// Claim 30 of the documents: sovereign in six of six dimensions, with Tailscale's control plane and a rented server.
test("an overlay has somebody else's control plane, a rented server its host", () => {
    const all = parties("services: { tailscale: { at: [box, east] } }");
    expect(all["Tailscale's control plane (api)"]).toMatch(/^later: joining and renewing keys/);
    expect(all["the host of east (hosting)"]).toBe("at once: east");
    expect(Object.keys(parties("services: { headscale: { at: box } }"))).not.toContain(
        "Tailscale's control plane (api)",
    );
});

test("whom services, alerts and backups talk to", () => {
    const all = parties(
        [
            "services:",
            "  assistant: { type: openclaw, at: box, secrets: telegram-token }",
            "  researcher: { type: agent, at: box, provider: api.anthropic.com }",
            "  gitea: { at: box, mirror: github.com/somebody }",
            "  github-runner: { at: box, memory: 1gb }",
            "  own: { type: container, at: box, image: git.shop.example/own, memory: 64mb }",
            "  theirs: { type: container, at: box, image: ghcr.io/them/it, memory: 64mb }",
            "alerts: { to: matrix, server: matrix.shop.example, secrets: matrix-token }",
            "backups:",
            "  nas: { to: 'sftp://nas.lan/copies', every: day, keep: 60d }",
            "  offsite: { to: spaces/nyc3/copies, every: month, keep: 1y, secrets: spaces-key }",
        ].join("\n"),
    );
    expect(all["api.telegram.org (messages)"]).toBe("at once: talking to assistant");
    expect(all["api.anthropic.com (api)"]).toBe("at once: researcher");
    expect(all["github.com (api)"]).toBe("at once: jobs that wait for GitHub");
    expect(all["github.com (backup)"]).toBe("later: the mirror of gitea");
    expect(all["ghcr.io (packages)"]).toBe("later: new versions of theirs");
    expect(all["registry.npmjs.org (packages)"]).toBe("later: new versions of assistant");
    expect(all["DigitalOcean Spaces (backup)"]).toContain("new copies of offsite");
    // A box on the LAN, a registry and a chat server of one's own are nobody else's.
    expect(Object.keys(all).filter((name) => /nas|matrix|git\.shop/.test(name))).toEqual([]);
});
