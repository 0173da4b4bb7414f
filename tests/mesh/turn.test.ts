import { planFleet, type FleetPlan } from "../../components/fleet/plan";
import { withNextKey, generationOn, type Turn } from "../../components/mesh/turn";
import { devText, stackOf } from "../support/stack";

const stack = stackOf("dev", devText);
const planned = (turn?: Turn, generations: Record<string, number> = {}): FleetPlan =>
    planFleet({ ...stack, lock: { ...stack.lock, generations, ...(turn === undefined ? {} : { turn }) } });
const before = planned();

/** Which roles are others than before. */
const changed = (plan: FleetPlan): string[] =>
    Object.values(plan.nodes).flatMap(({ name, roles }) =>
        Object.keys(roles)
            .filter((role) => JSON.stringify(roles[role]) !== JSON.stringify(before.nodes[name]!.roles[role]))
            .map((role) => `${role} on ${name}`),
    );

test("at first only the peers change: they know two keys, and the next one may send nothing yet", () => {
    const plan = planned({ node: "gematria", phase: "prepare" });
    expect(changed(plan)).toEqual(["wireguard on alice", "wireguard on cecilia"]);
    const { files, secrets, units } = plan.nodes["alice"]!.roles["wireguard"]!;
    expect(files!["/etc/wireguard/wg0.conf"]!.text.split("\n").slice(-7)).toEqual([
        "# gematria, its next key",
        "[Peer]",
        "PublicKey = {{wireguard:gematria.next}}",
        "PresharedKey = {{secret:wireguard-pair.gematria.next}}",
        "Endpoint = 203.0.113.10:51820",
        "PersistentKeepalive = 2",
        "",
    ]);
    expect(secrets).toEqual({
        ...before.nodes["alice"]!.roles["wireguard"]!.secrets,
        "wireguard-pair.gematria.next": 2,
    });
    expect(JSON.parse(files!["/etc/wireguard/turn.json"]!.text)).toEqual({
        interface: "wg0",
        keys: ["{{wireguard:gematria}}", "{{wireguard:gematria.next}}"],
    });
    expect(units!["sovereign-edge-turn.service"]).toMatchObject({ enabled: true, running: true });
});

test("a peer that cannot be dialled is waited for", () => {
    const plan = planned({ node: "alice", phase: "prepare" });
    const { text } = plan.nodes["gematria"]!.roles["wireguard"]!.files!["/etc/wireguard/wg0.conf"]!;
    expect(text.split("# alice, its next key")[1]).not.toContain("Endpoint");
    expect(text).toMatch(/PersistentKeepalive = off\n$/);
});

test("then the node alone changes, to its next key and those of its pairs", () => {
    const plan = planned({ node: "gematria", phase: "switch" });
    const peers = planned({ node: "gematria", phase: "prepare" });
    const roles = Object.keys(plan.nodes).filter(
        (name) => JSON.stringify(plan.nodes[name]!.roles) !== JSON.stringify(peers.nodes[name]!.roles),
    );
    expect(roles).toEqual(["gematria"]);
    expect(plan.nodes["gematria"]!.roles["wireguard"]!.secrets).toEqual({
        "wireguard.gematria": 2,
        "wireguard-pair.alice": 2,
        "wireguard-pair.cecilia": 2,
    });
});

test("when the turn is over the node stays as it is, and its peers know one key", () => {
    const generations = withNextKey("gematria", {});
    const [turning, over] = [planned({ node: "gematria", phase: "switch" }), planned(undefined, generations)];
    expect(over.nodes["gematria"]).toEqual(turning.nodes["gematria"]);
    expect(changed(over)).toEqual(["wireguard on alice", "wireguard on cecilia", "wireguard on gematria"]);
    const { files, secrets } = over.nodes["alice"]!.roles["wireguard"]!;
    expect(files).toEqual(before.nodes["alice"]!.roles["wireguard"]!.files);
    expect(secrets).toEqual({
        "wireguard.alice": 1,
        "wireguard-pair.gematria": 2,
        "wireguard-pair.cecilia": 1,
    });
});

test("a generation is that of the lock, one ahead for the next key and for the node that has taken it", () => {
    const lock = { "wireguard.alice": 4, "wireguard.cecilia": 2, "model-key.gemma3-270m": 3 };
    const turn: Turn = { node: "alice", phase: "switch" };
    const seen = (node: string, secret: string, during?: Turn): number => generationOn(node, secret, lock, during);
    expect(seen("alice", "wireguard.alice")).toBe(4);
    expect(seen("alice", "wireguard.alice", turn)).toBe(5);
    expect(seen("alice", "wireguard.alice", { ...turn, phase: "prepare" })).toBe(4);
    expect(seen("alice", "model-key.gemma3-270m", turn)).toBe(3);
    expect(seen("bob", "wireguard.bob")).toBe(1);
});

test("both ends of a pair hold its key in one generation, which goes up with either's own", () => {
    const lock = { "wireguard.alice": 4, "wireguard.cecilia": 2 };
    const turn: Turn = { node: "alice", phase: "switch" };
    const seen = (node: string, secret: string, during?: Turn): number => generationOn(node, secret, lock, during);
    expect(seen("alice", "wireguard-pair.cecilia")).toBe(5);
    expect(seen("cecilia", "wireguard-pair.alice")).toBe(5);
    expect(seen("alice", "wireguard-pair.cecilia", turn)).toBe(6);
    expect(seen("cecilia", "wireguard-pair.alice", turn)).toBe(5);
    expect(seen("cecilia", "wireguard-pair.alice.next", turn)).toBe(6);
    expect(seen("bob", "wireguard-pair.alice")).toBe(4);
});

test.each([undefined, { node: "gematria", phase: "prepare" }, { node: "gematria", phase: "switch" }] as const)(
    "what a role asks for is what the node is sent (turn: %j)",
    (turn) => {
        const generations = { "wireguard.gematria": 2, "wireguard.alice": 3 };
        const { nodes } = planned(turn, generations);
        for (const { name, roles } of Object.values(nodes)) {
            const asked = roles["wireguard"]?.secrets ?? {};
            const sent = Object.keys(asked).map((secret) => [secret, generationOn(name, secret, generations, turn)]);
            expect(Object.fromEntries(sent)).toEqual(asked);
        }
    },
);
