import { readFileSync } from "node:fs";
import { bundleOf, readProgram } from "../../components/converge/bundle";
import type { FleetPlan } from "../../components/fleet/plan";
import { register, type Registered } from "../support/register";
import { devText, homeText, stackOf } from "../support/stack";

const secretSignature = "4dabf18193072939515e22adb298388d";

const commands = (all: Map<string, Registered>): Registered[] =>
    [...all.values()].filter((r) => r.type.startsWith("command:remote:"));
const nodeOf = (name: string): string | undefined => / on (\S+)$/.exec(name)?.[1];

describe("dev", () => {
    let all: Map<string, Registered>;
    beforeAll(async () => {
        all = await register(stackOf("dev", devText));
    });

    test("one command a role, and program, converge, secrets and finish on every node", () => {
        expect(
            commands(all)
                .map((r) => r.name)
                .sort(),
        ).toEqual([
            "base on alice",
            "base on cecilia",
            "base on gematria",
            "caddy on gematria",
            "converge on alice",
            "converge on cecilia",
            "converge on gematria",
            "finish on alice",
            "finish on cecilia",
            "finish on gematria",
            "firewall on alice",
            "firewall on cecilia",
            "firewall on gematria",
            "model-gemma3-270m on cecilia",
            "packages on alice",
            "packages on cecilia",
            "packages on gematria",
            "pdns on gematria",
            "program on alice",
            "program on cecilia",
            "program on gematria",
            "secrets on alice",
            "secrets on cecilia",
            "secrets on gematria",
            "sshd on alice",
            "sshd on cecilia",
            "sshd on gematria",
            "wireguard on alice",
            "wireguard on cecilia",
            "wireguard on gematria",
            "zone-dev.example on gematria",
        ]);
    });

    test("no command waits for another node, directly or through others", () => {
        for (const command of commands(all)) {
            const seen = new Set<string>();
            const walk = (name: string): void => {
                for (const next of all.get(name)?.dependsOn ?? []) if (!seen.has(next)) walk((seen.add(next), next));
            };
            walk(command.name);
            const others = [...seen].filter(
                (name) =>
                    nodeOf(name) !== undefined &&
                    all.get(name)?.type.startsWith("command:remote:") === true &&
                    nodeOf(name) !== nodeOf(command.name),
            );
            expect([command.name, others]).toEqual([command.name, []]);
            // A component in dependsOn would wait for all its children, on every node.
            expect([...seen].filter((name) => all.get(name)?.type.startsWith("sovereign-edge:"))).toEqual([]);
        }
    });

    test("order on a node: program, converge, secrets, sshd, firewall, packages, mesh, roles, finish", () => {
        const on = (name: string): readonly string[] => [...all.get(name)!.dependsOn].sort();
        expect(on("program on gematria")).toEqual([]);
        expect(on("converge on gematria")).toEqual(["program on gematria"]);
        expect(on("secrets on gematria")).toContain("converge on gematria");
        expect(on("sshd on gematria")).toEqual(["secrets on gematria"]);
        expect(on("firewall on gematria")).toEqual(["sshd on gematria"]);
        expect(on("packages on gematria")).toEqual(["firewall on gematria"]);
        expect(on("wireguard on gematria")).toEqual(["packages on gematria"]);
        expect(on("pdns on gematria")).toEqual(["wireguard on gematria"]);
        expect(on("zone-dev.example on gematria")).toEqual(["pdns on gematria", "wireguard on gematria"]);
        expect(on("caddy on gematria")).toEqual(["wireguard on gematria", "zone-dev.example on gematria"]);
        expect(on("base on gematria")).toEqual(["wireguard on gematria"]);
        expect(on("finish on gematria")).toEqual([
            "base on gematria",
            "caddy on gematria",
            "firewall on gematria",
            "packages on gematria",
            "pdns on gematria",
            "sshd on gematria",
            "wireguard on gematria",
            "zone-dev.example on gematria",
        ]);
    });

    test("only the secrets document is a secret, and no command line holds one", () => {
        for (const { name, inputs } of commands(all)) {
            const secret = JSON.stringify([inputs["stdin"]]).includes(secretSignature);
            expect([name, secret]).toEqual([name, name.startsWith("secrets on ")]);
            expect(JSON.stringify([inputs["create"], inputs["environment"], inputs["triggers"]])).not.toContain(
                "s3cret",
            );
        }
    });

    test("every connection goes through the loopback with a pinned host key and no private key", () => {
        for (const { inputs } of commands(all)) {
            const connection = (inputs["connection"] as { value: Record<string, unknown> }).value;
            expect(connection).toMatchObject({
                host: "127.0.0.1",
                hostKey: expect.stringMatching(/^ssh-ed25519 /) as string,
            });
            expect(Object.keys(connection).sort()).toEqual([
                "dialErrorLimit",
                "host",
                "hostKey",
                "perDialTimeout",
                "port",
                "user",
            ]);
        }
    });
});

test("no node changes its tunnels before the firewall of every other is settled, even if that fails", async () => {
    let before: readonly string[] = [];
    const all = await register(stackOf("dev", devText), undefined, "firewall on cecilia", (names) => (before = names));
    expect(before).toEqual(expect.arrayContaining(["packages on alice", "packages on gematria"]));
    expect(before.filter((name) => name.startsWith("wireguard on"))).toEqual([]);
    for (const node of ["alice", "gematria"])
        expect(all.get(`wireguard on ${node}`)?.dependsOn).toEqual([`packages on ${node}`]);
});

test("a fleet of one box has no mesh and gets a certificate of its own CA", async () => {
    const all = await register(stackOf("home", homeText));
    expect(
        commands(all)
            .map((r) => r.name)
            .sort(),
    ).toEqual([
        "base on box",
        "caddy on box",
        "converge on box",
        "finish on box",
        "firewall on box",
        "model-gemma3-270m on box",
        "packages on box",
        "program on box",
        "secrets on box",
        "sshd on box",
    ]);
    expect(all.get("certificate of ai.home.internal")!.inputs).toMatchObject({
        validityPeriodHours: 397 * 24,
        allowedUses: ["digital_signature", "server_auth"],
    });
});

/** The plan with this made of one node. */
const changing =
    (name: string, change: (node: FleetPlan["nodes"][string]) => Partial<FleetPlan["nodes"][string]>) =>
    (plan: FleetPlan): FleetPlan => ({
        ...plan,
        nodes: { ...plan.nodes, [name]: { ...plan.nodes[name]!, ...change(plan.nodes[name]!) } },
    });
const header = { version: 1 as const, fleet: "dev", node: "gematria", incarnation: 1 };

test("the engine uploads a file whose place is the same on every computer, and tells the node its hash", async () => {
    const all = await register(stackOf("home", homeText));
    const { source, remotePath, triggers } = all.get("program on box")!.inputs;
    expect(source).toMatchObject({ path: ".state/converge-program.json" });
    expect([remotePath, triggers]).toEqual([".sovereign-edge-program.json", [1]]);
    const document = JSON.parse(all.get("converge on box")!.inputs["stdin"] as string) as Record<string, unknown>;
    expect(document).toMatchObject({ node: "box", program: bundleOf(readProgram()).sha256 });
    expect(readFileSync(".state/converge-program.json", "utf8")).toBe(bundleOf(readProgram()).text);
});

test("a node that leaves is registered with program, converge and leave alone, under the names it had", async () => {
    const leave = changing("cecilia", () => ({ leaving: true, roles: {}, secrets: [] }));
    const all = await register(stackOf("dev", devText), leave);
    expect(
        commands(all)
            .map((r) => r.name)
            .filter((name) => nodeOf(name) === "cecilia"),
    ).toEqual(["program on cecilia", "converge on cecilia", "leave on cecilia"]);
    expect(all.get("leave on cecilia")!.dependsOn).toEqual(["converge on cecilia"]);
    expect(all.get("leave on cecilia")!.inputs["stdin"]).toBeUndefined();
    expect(all.get("cecilia")!.type).toBe("sovereign-edge:node:Node");
    // All is sent again when it leaves, and again when it comes back with nothing of ours left on it.
    expect(all.get("program on cecilia")!.inputs["triggers"]).toEqual([1, "leaving"]);
    expect(all.get("converge on cecilia")!.inputs["triggers"]).toEqual([1, "leaving"]);
    expect(all.get("program on alice")!.inputs["triggers"]).toEqual([1]);
});

test("the sweep carries the addresses that a role of the node refers to, and no others", async () => {
    const text = "endpoint {{address:alice}}:51820\n";
    const files = { "/etc/x": { mode: "0644", owner: "root:root", text } };
    const edit = changing("gematria", ({ roles }) => ({ roles: { ...roles, x: { ...header, role: "x", files } } }));
    const all = await register(stackOf("dev", devText), edit);
    const roster = (node: string): { addresses: unknown } =>
        JSON.parse(all.get(`finish on ${node}`)!.inputs["stdin"] as string) as { addresses: unknown };
    expect(roster("gematria").addresses).toEqual({ alice: "192.168.8.11" });
    expect(roster("cecilia").addresses).toEqual({});
});
