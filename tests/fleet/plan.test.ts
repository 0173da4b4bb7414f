import { planFleet, type FleetPlan } from "../../components/fleet/plan";
import { expectGolden } from "../support/golden";
import { devText, homeText, stackOf } from "../support/stack";

function fileOf(plan: FleetPlan, node: string, role: string, path: string): string {
    return plan.nodes[node]!.roles[role]!.files![path]!.text;
}

const dev = planFleet(stackOf("dev", devText));
const home = planFleet(stackOf("home", homeText));

test.each([
    ["dev.gematria.Caddyfile", fileOf(dev, "gematria", "caddy", "/etc/caddy/Caddyfile")],
    ["dev.example.zone", fileOf(dev, "gematria", "zone-dev.example", "/etc/powerdns/zones/dev.example.zone")],
    ["dev.alice.wg0.conf", fileOf(dev, "alice", "wireguard", "/etc/wireguard/wg0.conf")],
    ["dev.gematria.wg0.conf", fileOf(dev, "gematria", "wireguard", "/etc/wireguard/wg0.conf")],
    ["dev.gematria.pdns.conf", fileOf(dev, "gematria", "pdns", "/etc/powerdns/pdns.conf")],
    ["dev.gematria.firewall.nft", fileOf(dev, "gematria", "firewall", "/etc/sovereign-edge/firewall.nft")],
    ["dev.cecilia.firewall.nft", fileOf(dev, "cecilia", "firewall", "/etc/sovereign-edge/firewall.nft")],
    ["home.firewall.nft", fileOf(home, "box", "firewall", "/etc/sovereign-edge/firewall.nft")],
    [
        "dev.cecilia.llama.service",
        fileOf(dev, "cecilia", "model-gemma3-270m", "/etc/systemd/system/llama-gemma3-270m.service"),
    ],
    ["home.Caddyfile", fileOf(home, "box", "caddy", "/etc/caddy/Caddyfile")],
])("golden: %s", (name, text) => {
    expectGolden(name, text);
});

test("every node gets the roles its placements ask for", () => {
    const roles = Object.fromEntries(Object.entries(dev.nodes).map(([name, node]) => [name, Object.keys(node.roles)]));
    expect(roles).toEqual({
        alice: ["base", "firewall", "packages", "sshd", "wireguard"],
        cecilia: ["base", "firewall", "model-gemma3-270m", "packages", "sshd", "wireguard"],
        gematria: ["base", "caddy", "firewall", "packages", "pdns", "sshd", "wireguard", "zone-dev.example"],
    });
    expect(Object.keys(home.nodes["box"]!.roles)).toEqual([
        "base",
        "caddy",
        "firewall",
        "model-gemma3-270m",
        "packages",
        "sshd",
    ]);
});

test("a permuted inventory gives the same plan", () => {
    const lines = devText.split("\n");
    const [alice, gematria] = [
        lines.findIndex((l) => l.startsWith("  alice:")),
        lines.findIndex((l) => l.startsWith("  gematria:")),
    ];
    [lines[alice], lines[gematria]] = [lines[gematria]!, lines[alice]!];
    expect(planFleet(stackOf("dev", lines.join("\n")))).toEqual(dev);
});

test("adding a node changes the others only where it is named", () => {
    const more = planFleet(
        stackOf(
            "dev",
            devText.replace(
                "  gematria: {",
                "  aria: { hardware: pi5-8gb, location: home, address: 192.168.8.14 }\n  gematria: {",
            ),
        ),
    );
    for (const [name, node] of Object.entries(dev.nodes)) {
        const { wireguard, base, ...others } = node.roles;
        const { wireguard: after, base: baseAfter, ...othersAfter } = more.nodes[name]!.roles;
        expect(othersAfter).toEqual(others);
        const hosts = "/etc/sovereign-edge/hosts";
        const text = baseAfter!.files![hosts]!.text.replace(/^10\.44\.0\.\d+ aria\.dev\.internal aria\n/m, "");
        const same = { ...baseAfter!.files, [hosts]: { ...baseAfter!.files![hosts], text } };
        expect({ ...baseAfter, files: same }).toEqual(base);
        const added = after!.files!["/etc/wireguard/wg0.conf"]!.text.split("\n").filter((line) => line === "# aria");
        expect(added).toHaveLength(1);
        expect(Object.keys(after!.secrets!)).toEqual(expect.arrayContaining(Object.keys(wireguard!.secrets!)));
    }
});

test("a rotated secret shows as its generation in every role that uses it, and nowhere else", () => {
    const stack = stackOf("dev", devText);
    const rotated = planFleet({ ...stack, lock: { ...stack.lock, generations: { "model-key.gemma3-270m": 2 } } });
    const changed = Object.values(rotated.nodes).flatMap((node) =>
        Object.entries(node.roles)
            .filter(([role, desired]) => JSON.stringify(desired) !== JSON.stringify(dev.nodes[node.name]!.roles[role]))
            .map(([role]) => `${role} on ${node.name}`),
    );
    expect(changed).toEqual(["model-gemma3-270m on cecilia", "caddy on gematria"]);
});

test("what holds a secret is not readable for others", () => {
    const open = Object.values({ ...dev.nodes, ...home.nodes }).flatMap((node) =>
        Object.values(node.roles).flatMap((role) =>
            Object.entries(role.files ?? {}).filter(
                ([, file]) => file.text.includes("{{secret:") && !file.mode.endsWith("0"),
            ),
        ),
    );
    expect(open).toEqual([]);
});

test("keys of the gateway refuse strangers", () => {
    const plan = planFleet(
        stackOf("dev", devText.replace("public: ai.dev.example", "public: ai.dev.example, keys: [web, alexa]")),
    );
    const text = fileOf(plan, "gematria", "caddy", "/etc/caddy/Caddyfile");
    expect(text).toContain('not header Authorization "Bearer {file./etc/caddy/credentials/gateway-key.web}"');
    expect(plan.secrets).toMatchObject({
        "gateway-key.web": { kind: "operator" },
        "gateway-key.alexa": { kind: "operator" },
    });
    expect(plan.nodes["gematria"]!.secrets).toContain("gateway-key.web");
    expect(plan.urls[0]!.curl).toContain("Authorization: Bearer YOUR-KEY");
});
