import { writeLock } from "../../components/fleet/lock";
import { planFleet } from "../../components/fleet/plan";
import { withoutPin } from "../../tools/cli/known-hosts-text";
import { heldBy } from "../../tools/cli/verbs/revoke";
import { devText, fullLock, homeText, stackOf } from "../support/stack";
import { makeClone } from "./clone";
import { cleanUp, hostKey, otherKey } from "./support";

afterEach(cleanUp);
jest.setTimeout(30_000);

describe("./fleet revoke", () => {
    test("asks for the fleet's name, and without it does nothing", async () => {
        const clone = await makeClone();
        const { code, stderr } = await clone.fleet("revoke", "box");
        expect([code, stderr]).toEqual([2, expect.stringContaining("Give --yes-revoke home.")]);
        expect([clone.calls(), clone.read("stacks/home.known_hosts")]).toEqual([[], `box ${hostKey}\n`]);
    });

    test("the node is gone from the inventory, its pin from known_hosts, and the keys that it had in the mesh", async () => {
        const clone = await makeClone("", { "stacks/home.known_hosts": `box ${hostKey}\ncrate ${otherKey}\n` });
        const before = clone.read("stacks/home.yaml");
        await clone.fleet("revoke", "box", "--yes-revoke", "home");
        expect(clone.read("stacks/home.yaml")).toBe(
            before.replace(" } # the only one", ", leaving: gone } # the only one"),
        );
        expect(clone.read("stacks/home.known_hosts")).toBe(`crate ${otherKey}\n`);
        expect(clone.read("stacks/home.lock.yaml")).toContain("wireguard.box: 2");
    });

    test("is refused with the lines that still count on the node, before anything is written", async () => {
        const models = `models: { engines: { llama.cpp: box }, serve: { "gemma3:270m": box } }\n`;
        const counted = (await makeClone()).read("stacks/home.yaml") + models;
        const lock = writeLock(fullLock("home", ["box"]));
        const again = await makeClone("", { "stacks/home.yaml": counted, "stacks/home.lock.yaml": lock });
        const { code, stderr } = await again.fleet("revoke", "box", "--yes-revoke", "home");
        expect([code, stderr]).toEqual([2, expect.stringMatching(/home\.yaml:\d+:\d+ .* models\.engines/)]);
        expect(again.read("stacks/home.yaml")).toBe(counted);
    });
});

test("what a node held is what the fleet makes itself, and what only its operator can replace", () => {
    const stack = stackOf("dev", devText.replace("public: ai.dev.example }", "public: ai.dev.example, keys: [web] }"));
    const plan = planFleet(stack);
    expect(heldBy(plan, plan.nodes["gematria"]!)).toEqual({
        renewed: ["model-key.gemma3-270m"],
        operators: [expect.stringContaining("web")],
        certificates: ["ai.dev.example"],
    });
    expect(heldBy(plan, plan.nodes["alice"]!)).toEqual({ renewed: [], operators: [], certificates: [] });
    // Its block has to be free of services before it can go: what it was told last still counts.
    const bare = { secrets: [], roles: {} };
    expect(heldBy(plan, bare, plan.nodes["gematria"]!.roles)).toEqual(heldBy(plan, plan.nodes["gematria"]!));
});

test("a name with a certificate of the fleet's own CA is none that a CA on the internet revokes", () => {
    const plan = planFleet(stackOf("home", homeText));
    expect(heldBy(plan, plan.nodes["box"]!).certificates).toEqual([]);
});

test("a pin is taken out of known_hosts, and every other byte stays", () => {
    const text = `# mine\nbox ${hostKey} by the door\n\ncrate ${otherKey}\n`;
    expect(withoutPin(text, "box")).toBe(`# mine\n\ncrate ${otherKey}\n`);
    expect(withoutPin(text, "aria")).toBe(text);
});
