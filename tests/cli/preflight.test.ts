import type { NodePlan } from "../../components/fleet/plan";
import { readKnownHosts } from "../../components/fleet/known-hosts";
import type { Stack } from "../../components/fleet/stack";
import { selectNodes } from "../../tools/cli/nodes";
import { requirePins, withoutStrangers, wrongKeys } from "../../tools/cli/pins";
import { probeAll } from "../../tools/cli/probe";
import { requireRoads } from "../../tools/cli/roads";
import { cleanUp, closedPort, hostKey, otherKey, serve, serveSsh } from "./support";

afterEach(cleanUp);

const stack = (knownHosts: string): Stack =>
    ({
        files: { knownHosts: "stacks/home.known_hosts", lock: "stacks/home.lock.yaml" },
        hostKeys: readKnownHosts(knownHosts),
    }) as unknown as Stack;
const onRoad = (name: string, road: number): NodePlan => ({ name, road }) as NodePlan;

test("one node with a wrong key refuses the run; silent and right ones do not", async () => {
    const named = async (node: string, fake: ReturnType<typeof serve>) => ({ ...(await fake), node });
    const targets = await Promise.all([
        named("right", serveSsh()),
        named("wrong", serveSsh(otherKey)),
        named("dead", closedPort()),
    ]);
    const probes = await probeAll(targets);
    const pins = stack(`right ${hostKey}\nwrong ${hostKey}\ndead ${hostKey}\n`);
    expect(() => {
        requirePins(pins, probes);
    }).toThrow(/^wrong \(127\.0\.0\.1:\d+\) shows another host key[\s\S]*home\.known_hosts:2/);
    expect(() => {
        requirePins(
            pins,
            probes.filter(({ node }) => node !== "wrong"),
        );
    }).not.toThrow();
});

test("a road whose port is taken is named with the file to change", async () => {
    const taken = await serve(() => undefined);
    const free = await closedPort();
    await expect(requireRoads(stack(""), [onRoad("a", free.port), onRoad("b", taken.port)])).rejects.toThrow(
        `127.0.0.1:${taken.port} (the road to b) is taken by another process. End it (is another run going on?), or write another port under roads: in stacks/home.lock.yaml.`,
    );
    await expect(requireRoads(stack(""), [onRoad("a", free.port)])).resolves.toBeUndefined();
});

test("nodes are chosen by name, once each; an unknown one is refused with the nearest", () => {
    const plan = { nodes: { alice: onRoad("alice", 1), bob: onRoad("bob", 2) } } as unknown as Parameters<
        typeof selectNodes
    >[0];
    const names = (...asked: string[]): string[] => selectNodes(plan, asked).map(({ name }) => name);
    expect(names()).toEqual(["alice", "bob"]);
    expect(names("bob", "bob")).toEqual(["bob"]);
    expect(() => names("alise")).toThrow('There is no node "alise". Did you mean "alice"?');
});

test("a node that shows another node's key is named with it, and counts as one that does not answer", async () => {
    const probes = await probeAll([
        { ...(await serveSsh(otherKey)), node: "alice" },
        { ...(await serveSsh()), node: "cecilia" },
    ]);
    const wrong = wrongKeys(stack(`alice ${hostKey}\ncecilia ${otherKey}\n`), probes);
    expect(wrong.get("alice")).toMatch(
        /That is the key of cecilia: .* Are two addresses exchanged in the inventory\?$/,
    );
    expect(wrong.get("cecilia")).toMatch(/That is the key of alice: /);
    const right = wrongKeys(stack(`alice ${otherKey}\ncecilia ${otherKey}\n`), probes);
    expect([...right.keys()]).toEqual(["cecilia"]);
    expect(withoutStrangers(probes, right).map(({ finding }) => finding.state)).toEqual(["answers", "refuses"]);
});
