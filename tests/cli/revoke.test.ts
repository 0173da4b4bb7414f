import { generateKeyPairSync } from "node:crypto";
import { writeLock } from "../../components/fleet/lock";
import { planFleet } from "../../components/fleet/plan";
import { withoutPin } from "../../tools/cli/known-hosts-text";
import { heldBy } from "../../tools/cli/verbs/revoke";
import { devText, fullLock, homeText, stackOf } from "../support/stack";
import { makeClone } from "./clone";
import { certificate, cleanUp, hostKey, otherKey } from "./support";

const accountKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    type: "sec1",
    format: "pem",
}) as string;

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

    test("says which certificates are left when the CA does not answer, and nothing of the account's key", async () => {
        const directory = "https://127.0.0.1:65533/dir";
        const copies = JSON.stringify({ box: { directory, certificates: [certificate(["ai.example"])] } });
        const clone = await makeClone("", { "stacks/home.certificates.json": copies });
        const outputs = { privateKeyPem: { plaintext: JSON.stringify(accountKey) } };
        const resources = [{ urn: "urn:pulumi:home::x::y::ACME account key of box, generation 2", outputs }];
        clone.set("pulumi-stack", JSON.stringify({ deployment: { resources } }));
        const { stdout, stderr } = await clone.fleet("revoke", "box", "--yes-revoke", "home");
        expect(stdout).toContain("The CA is asked to revoke its certificates of ai.example, and to close its account.");
        expect(stderr).toMatch(/of the certificates of ai\.example: 127\.0\.0\.1 did not revoke them \(.*ECONNREFUSED/);
        expect(stderr).toContain("certbot revoke --cert-path FILE.pem --server https://127.0.0.1:65533/dir");
        expect(stdout + stderr).not.toContain(accountKey.split("\n")[1]);
        // They are still to be ended.
        expect(clone.read("stacks/home.certificates.json")).toBe(copies);
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
        renewed: ["acme-account.gematria", "model-key.gemma3-270m"],
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
