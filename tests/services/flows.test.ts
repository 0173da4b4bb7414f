import { shop } from "./support";

function flowsTo(node: string, more: string): string[] {
    const { design } = shop(more);
    return design.flows
        .filter(({ to }) => to === node)
        .map(({ from, port, protocol, what }) => `${from} → ${port}/${protocol} ${what}`);
}

test("from the internet only what is public is let in", () => {
    const { design } = shop("services: { postgres: { at: east }, status: { at: east, public: status.shop.example } }");
    const open = design.flows.filter(({ from }) => from === "internet").map(({ to, port }) => `${to}:${port}`);
    expect([...new Set(open)].sort()).toEqual(
        ["east", "west"].flatMap((node) => [22, 443, 51820, 53, 80].map((port) => `${node}:${port}`)).sort(),
    );
});

test("a public service is asked by the edges alone, an engine by the gateway, an exporter by who collects", () => {
    const more = [
        "models: { gateway: { public: ai.shop.example, keys: [web] }, engines: { ollama: box }, serve: { llama3.2:1b: box } }",
        "services:",
        "  gitea: { at: box, public: git.shop.example }",
        "  node-exporter: { at: box }",
        "  prometheus: { at: attic }",
        "  valkey: { at: box }",
    ].join("\n");
    const flows = flowsTo("box", more);
    expect(flows).toContain("east → 3000/tcp gitea");
    expect(flows).toContain("west → 3000/tcp gitea");
    expect(flows).toContain("attic → 9100/tcp node-exporter");
    expect(flows).toContain("mesh → 6379/tcp valkey");
    expect(flows.filter((flow) => flow.includes("11434"))).toEqual([
        "east → 11434/tcp ollama",
        "west → 11434/tcp ollama",
    ]);
    expect(flows.filter((flow) => flow.startsWith("internet"))).toEqual([]);
});

test("the hidden primary is asked by the secondaries alone", () => {
    expect(flowsTo("box", "").filter((flow) => flow.includes("pdns"))).toEqual([
        "east → 53/tcp pdns",
        "west → 53/tcp pdns",
        "east → 53/udp pdns",
        "west → 53/udp pdns",
    ]);
});

test("loopback is let in from nowhere", () => {
    expect(flowsTo("box", "services: { nats: { at: box } }").filter((flow) => flow.includes("8222"))).toEqual([]);
});
