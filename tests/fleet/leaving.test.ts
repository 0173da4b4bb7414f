import { completenessProblems } from "../../components/fleet/complete";
import { InventoryError } from "../../components/fleet/errors";
import { departedNodes, leavingNodes } from "../../components/fleet/leaving";
import { loadInventory } from "../../components/fleet/load";
import { assignRoads, withoutRoads } from "../../components/fleet/lock";
import { planFleet, type FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { devText, homeText, stackOf } from "../support/stack";

const aliceLine = /^ {2}alice:.*\n/m;
const says = (leaving: string): string => devText.replace("mesh: 10.44.0.11", `mesh: 10.44.0.11, leaving: ${leaving}`);
const roadsOf = (...nodes: string[]): Record<string, number> => assignRoads("dev", nodes, {});

/** The fleet with roads and host keys of all three nodes, whatever the inventory says. */
function fleet(text: string, roads = roadsOf("alice", "cecilia", "gematria")): Stack {
    const stack = stackOf("dev", text);
    return { ...stack, lock: { ...stack.lock, roads }, hostKeys: stackOf("dev", devText).hostKeys };
}

function others({ nodes, ...plan }: FleetPlan): unknown {
    const { cecilia, gematria } = nodes;
    return { ...plan, nodes: { cecilia, gematria } };
}

function refusals(text: string): string[] {
    try {
        loadInventory("dev", "dev.yaml", text);
    } catch (error) {
        if (!(error instanceof InventoryError)) throw error;
        return error.problems.map(
            (p) => `${p.line}:${p.column} ${p.code} ${p.path.join(".")} | ${p.message} | ${p.fix}`,
        );
    }
    return [];
}

const before = planFleet(fleet(devText));
const deleted = planFleet(fleet(devText.replace(aliceLine, "")));

test("a node that leaves stays in the plan without a role or a secret, and everybody else forgets it", () => {
    const plan = planFleet(fleet(says("true")));
    // Nothing is asked of it any more, and it has no address in the mesh.
    expect(plan.nodes["alice"]).toEqual({
        ...before.nodes["alice"],
        mesh: undefined,
        claims: undefined,
        leaving: true,
        roles: {},
        secrets: [],
    });
    expect(others(plan)).toEqual(others(deleted));
    expect(JSON.stringify(others(plan))).not.toContain("alice");
    expect(plan.nodes["cecilia"]!.leaving).toBe(false);
});

test.each([
    ["gone for good", says("gone"), undefined],
    ["released", says("true"), roadsOf("cecilia", "gematria")],
])("a node that is %s is not in the plan at all", (_, text, roads) => {
    const left = fleet(text, roads ?? roadsOf("alice", "cecilia", "gematria"));
    const plan = planFleet(left);
    expect(Object.keys(plan.nodes)).toEqual(["cecilia", "gematria"]);
    expect(plan.secrets).toEqual(deleted.secrets);
    expect([leavingNodes(left), departedNodes(left)]).toEqual([[], ["alice"]]);
});

test("nothing of those that stay is renumbered: roads, mesh addresses, keys", () => {
    const plan = planFleet(fleet(says("true")));
    for (const name of ["cecilia", "gematria"]) {
        const [was, is] = [before.nodes[name]!, plan.nodes[name]!];
        expect([is.road, is.mesh, is.hostKey, is.incarnation]).toEqual([
            was.road,
            was.mesh,
            was.hostKey,
            was.incarnation,
        ]);
        expect(was.secrets).toEqual(expect.arrayContaining([...is.secrets]));
    }
    expect(before.secrets).toMatchObject(plan.secrets);
});

test("the last node may leave, and with one left there is no mesh", () => {
    const text = homeText.replace(/models:[\s\S]*/, "").replace("192.168.1.20 }", "192.168.1.20, leaving: true }");
    const { nodes, secrets, urls } = planFleet(stackOf("home", text));
    expect([nodes["box"], secrets, urls]).toMatchObject([{ leaving: true, roles: {} }, {}, []]);
    const two = homeText.replace(
        "models:",
        "  old: { hardware: amd64-1gb, address: 192.168.1.21, leaving: true }\nmodels:",
    );
    const roles = planFleet(stackOf("home", two)).nodes["box"]!.roles;
    expect(roles).toEqual(planFleet(stackOf("home", homeText)).nodes["box"]!.roles);
});

test("what still names a node that leaves is refused, each with its place and what to write", () => {
    const text = devText
        .replace("mesh: 10.44.0.12", "mesh: 10.44.0.12, leaving: true")
        .replace("mesh: 10.44.0.1 }", "mesh: 10.44.0.1, leaving: gone }");
    expect(refusals(text)).toEqual([
        "17:3 SE017 edge.at | gematria leaves the fleet (leaving: gone): nothing can stand there. | Take gematria out here, or write alice.",
        "20:8 SE017 dns.primary | gematria leaves the fleet (leaving: gone): nothing can stand there. | Take gematria out here, or write alice.",
        "26:14 SE017 models.engines.llama.cpp | cecilia leaves the fleet (leaving: true): nothing can stand there. | Take cecilia out here, or write alice.",
        "28:5 SE017 models.serve.gemma3:270m | cecilia leaves the fleet (leaving: true): nothing can stand there. | Take cecilia out here, or write alice.",
    ]);
});

test.each(["false", "soon", "1"])("leaving: %s is refused with what can be written", (value) => {
    expect(refusals(says(value))).toEqual([
        expect.stringMatching(/SE003 nodes\.alice\.leaving .* \| Write true or "gone"\. /),
    ]);
});

test("its address and mesh address are free for another once it is gone, and its NAT is nobody's concern", () => {
    const again =
        "  alison: { hardware: amd64-1gb, location: home, address: 192.168.8.11, mesh: 10.44.0.11 }\n  gematria:";
    const both = (leaving: string): string => says(leaving).replace("  gematria:", again);
    expect(refusals(both("gone"))).toEqual([]);
    expect(refusals(both("true"))).toEqual([expect.stringMatching(/SE010 nodes\.alison\.address/)]);
    const cabin = says("true")
        .replace("home: {", "cabin: { lan: 192.168.9.0/24 }\n  home: {")
        .replace("location: home, address: 192.168.8.11", "location: cabin, address: 192.168.9.11");
    expect(refusals(cabin)).toEqual([]);
});

describe("what is missing beside the inventory", () => {
    const problems = (stack: Stack): string[] =>
        completenessProblems(stack).map(({ code, path }) => `${code} ${path.join(".")}`);
    const unpinned = (stack: Stack): Stack => ({
        ...stack,
        hostKeys: stack.hostKeys.filter(({ node }) => node !== "alice"),
    });

    test("a block that was deleted while its node may hold roles is refused, with every way on", () => {
        const [problem, ...more] = completenessProblems(fleet(devText.replace(aliceLine, "")));
        expect(more).toEqual([]);
        expect(problem).toMatchObject({ code: "SE044", path: ["roads", "alice"], file: "stacks/dev.lock.yaml" });
        expect(problem!.message).toContain("alice is in the lock and no longer in ");
        expect(problem!.fix).toMatch(/leaving: true.*fleet up.*leaving: gone.*delete this line/);
        const cleaned = fleet(devText.replace(aliceLine, ""), roadsOf("cecilia", "gematria"));
        expect(problems(cleaned)).toEqual([]);
    });

    test("a node that leaves needs its host key, one that has left needs nothing", () => {
        expect(problems(unpinned(fleet(says("true"))))).toEqual(["SE041 alice"]);
        expect(problems(unpinned(fleet(says("gone"))))).toEqual([]);
        expect(problems(unpinned(fleet(says("true"), roadsOf("cecilia", "gematria"))))).toEqual([]);
    });
});

test("roads are taken away only on purpose", () => {
    const roads = { alice: 20001, bob: 20002 };
    expect(assignRoads("dev", ["bob", "carol"], roads)).toMatchObject(roads);
    const lock = { version: 1 as const, roads, generations: { "wireguard.alice": 2 }, artifacts: {} };
    expect(withoutRoads(lock, ["alice"])).toEqual({ ...lock, roads: { bob: 20002 } });
});
