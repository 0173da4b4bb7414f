import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { planFleet } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { heldBack, looseUrns, pinRented, strangers, withoutDroplet, withPin, withState } from "../../tools/cli/rented";
import { operatorKey, rentedStack } from "../droplet/support";
import { devText, rentedText, stackOf } from "../support/stack";
import { cleanUp, hostKey, makeContext, makeRoot, otherKey } from "./support";

const state = ".state/.pulumi/stacks/sovereign-edge/dev.json";
const resource = (name: string, type: string, rest: object): object => ({
    urn: `urn:pulumi:dev::sovereign-edge::${type}::${name}`,
    type,
    ...rest,
});
const droplet = (id: string, incarnation = 1, protect = true): object =>
    resource("droplet gematria", "digitalocean:index/droplet:Droplet", {
        id,
        protect,
        replacementTrigger: incarnation,
    });
/** A clone whose state has these resources; the CLI that would give the token is not there, and none is sent. */
const clone = (...resources: object[]): ReturnType<typeof makeContext> =>
    makeContext(
        makeRoot({
            [state]: JSON.stringify({ checkpoint: { latest: { resources } } }),
            "stacks/dev.passphrase": "x",
            "package.json": "{}",
        }),
    );
const asked: string[] = [];
/** Has the API answer with these pages, or with a failure. */
function answers(...pages: (object | Error)[]): void {
    jest.spyOn(globalThis, "fetch").mockImplementation((url) => {
        asked.push(url as string);
        const page = pages[asked.length - 1];
        if (page instanceof Error) return Promise.reject(new TypeError("fetch failed", { cause: page }));
        return Promise.resolve(Response.json(page ?? {}, { status: page === undefined ? 503 : 200 }));
    });
}
const there = (id: number, name: string): object => ({
    id,
    name,
    networks: { v4: [{ ip_address: "203.0.113.100", type: "public" }] },
});

beforeEach(() => {
    asked.length = 0;
});
afterEach(() => {
    jest.restoreAllMocks();
    cleanUp();
});

describe("pins of rented machines", () => {
    test("take the place of the ones before, and leave others where they are", () => {
        expect(withPin(`a ${hostKey}\nb ${hostKey}\n`, "a", otherKey)).toBe(`a ${otherKey}\nb ${hostKey}\n`);
        expect(withPin(`ab ${hostKey}`, "a", otherKey)).toBe(`ab ${hostKey}\na ${otherKey}\n`);
        expect(withPin("", "a", otherKey)).toBe(`a ${otherKey}\n`);
    });

    test("are written where ssh reads them, and known to the run", () => {
        const root = makeRoot({ "stacks/dev.known_hosts": `alice ${hostKey}\n` });
        const stack = rentedStack();
        const files = { ...stack.files, knownHosts: join(root, "stacks/dev.known_hosts") };
        const rented = { gematria: { hostKey: operatorKey }, vega: { id: "2" } };
        const pinned = pinRented({ ...stack, files }, rented);
        expect(readFileSync(files.knownHosts, "utf8")).toBe(`alice ${hostKey}\ngematria ${operatorKey}\n`);
        expect(pinned.hostKeys.map(({ node, key }) => [node, key])).toContainEqual(["gematria", operatorKey]);
        expect(pinned.rented).toBe(rented);
    });
});

describe("droplets that the state does not know", () => {
    const plan = planFleet(rentedStack());

    test("are named with what to do, from all pages", async () => {
        const next = { pages: { next: "https://api.digitalocean.com/v2/droplets?page=2" } };
        answers({ droplets: [there(1, "gematria")], links: next }, { droplets: [there(2, "gematria")], links: {} });
        const said = await strangers(clone(droplet("1")), rentedStack(), plan);
        expect(said).toEqual([
            expect.stringMatching(
                /does not know: 2, gematria, 203\.0\.113\.100\.[\s\S]*droplets\/2, [\s\S]*makes another\.[\s\S]*put \.state back/,
            ),
        ]);
        expect(asked.map((url) => new URL(url).search)).toEqual([
            "?tag_name=sovereign-edge-dev&per_page=200&page=1",
            "?tag_name=sovereign-edge-dev&per_page=200&page=2",
        ]);
    });

    test("are not the ones that were replaced and are still to be deleted", async () => {
        answers({ droplets: [there(1, "gematria"), there(2, "gematria")] });
        const old = { ...droplet("1"), delete: true };
        expect(await strangers(clone(old, droplet("2", 2)), rentedStack(), plan)).toEqual([]);
    });

    test.each<[object | Error, string]>([
        [new Error("connect ECONNREFUSED"), "could not be asked: connect ECONNREFUSED."],
        [{ droplets: "none" }, "could not be asked: "],
    ])("an API that answers %p is no stack trace", async (page, words) => {
        answers(page);
        expect(await strangers(clone(), rentedStack(), plan)).toEqual([expect.stringContaining(words)]);
    });

    test("a status that is no success is said", async () => {
        answers();
        const said = await strangers(clone(), rentedStack(), plan);
        expect(said).toEqual([expect.stringContaining("GET /v2/droplets answered 503")]);
    });

    test("nobody is asked for a fleet that rents nothing", async () => {
        answers();
        const owned = stackOf("dev", devText);
        expect(await strangers(clone(), owned, planFleet(owned))).toEqual([]);
        expect(asked).toEqual([]);
    });
});

describe("no second droplet", () => {
    const plan = planFleet(rentedStack());

    test("is made while one of the name is there that the state does not know", async () => {
        answers({ droplets: [there(7, "gematria")] });
        const held = await heldBack(clone(), rentedStack(), plan);
        expect([...held]).toEqual([["gematria", expect.stringContaining("one of that name that the state does not")]]);
    });
    test("one of another name holds nothing back", async () => {
        answers({ droplets: [there(7, "vega")] });
        expect([...(await heldBack(clone(), rentedStack(), plan))]).toEqual([]);
    });
    test("is made by a run that cannot ask, when one before it tried", async () => {
        const down = new Error("connect ECONNREFUSED");
        answers(down, down);
        expect([...(await heldBack(clone(), rentedStack(), plan))]).toEqual([]);
        const key = resource("host key of gematria", "tls:index/privateKey:PrivateKey", {
            outputs: { publicKeyOpenssh: operatorKey },
        });
        const why = "no second one is made while nobody can tell whether there is one: connect ECONNREFUSED";
        expect([...(await heldBack(clone(key), rentedStack(), plan))]).toEqual([["gematria", why]]);
    });
    test("is made in the place of one that is replaced, and what is left out keeps its host key", async () => {
        answers({ droplets: [there(1, "gematria"), there(7, "gematria")] });
        const text = rentedText.replace("region: nyc3", "region: nyc3, incarnation: 2");
        const second = rentedStack(text, { gematria: { id: "1", incarnation: 1 } });
        expect([...(await heldBack(clone(droplet("1")), second, planFleet(second))).keys()]).toEqual(["gematria"]);
        expect(withoutDroplet("gematria")).toEqual([
            ...["--exclude", "**::droplet gematria", "--exclude", "**::host key of gematria"],
            "--exclude-dependents",
        ]);
    });
    test("nobody is asked when the state knows all that are planned", async () => {
        answers({ droplets: [there(7, "gematria")] });
        const held = await heldBack(clone(droplet("1")), rentedStack(), plan);
        expect([[...held], asked]).toEqual([[], []]);
    });
});

describe("protection", () => {
    const looseIn = (text: string, incarnation: number): string[] =>
        looseUrns({ inventory: rentedStack(text).inventory } satisfies Pick<Stack, "inventory">, {
            gematria: { incarnation, loose: ["urn:droplet"] },
        });
    const entry = (more: string): string => rentedText.replace("region: nyc3", `region: nyc3, ${more}`);

    test("comes back after the machine was replaced", () => {
        expect(looseIn(entry("incarnation: 2"), 2)).toEqual(["urn:droplet"]);
    });
    test("stays lifted while the replacement has not come about, and for one that leaves or is rented no more", () => {
        expect(looseIn(entry("incarnation: 2"), 1)).toEqual([]);
        expect(looseUrns({ inventory: stackOf("dev", devText).inventory }, { gematria: { loose: ["urn"] } })).toEqual(
            [],
        );
    });
});

describe("with another backend than the clone's files", () => {
    /** A clone that has no state; what stands in for the CLI exports one, or says why not. */
    function remote(exported: object | undefined): ReturnType<typeof makeContext> {
        const say = exported === undefined ? "echo no such bucket >&2; exit 1" : `echo '${JSON.stringify(exported)}'`;
        const root = makeRoot({
            "node_modules/.bin/pulumi": `#!/bin/sh\n[ "$2" != export ] || { ${say}; }\n`,
            "stacks/dev.passphrase": "x",
            "stacks/dev.known_hosts": "",
            "package.json": "{}",
        });
        chmodSync(join(root, "node_modules/.bin/pulumi"), 0o755);
        return makeContext(root);
    }
    const key = resource("host key of gematria", "tls:index/privateKey:PrivateKey", {
        outputs: { publicKeyOpenssh: operatorKey },
    });
    const rented = { deployment: { resources: [key, droplet("1")] } };
    const backend = process.env["PULUMI_BACKEND_URL"];
    beforeEach(() => {
        process.env["PULUMI_BACKEND_URL"] = "s3://somewhere";
    });
    afterEach(() => {
        if (backend === undefined) delete process.env["PULUMI_BACKEND_URL"];
        else process.env["PULUMI_BACKEND_URL"] = backend;
    });

    test("the droplets that are known are no strangers, none is held back, and their keys are pinned", async () => {
        answers({ droplets: [there(1, "gematria")] });
        const [context, stack] = [remote(rented), rentedStack()];
        expect(await strangers(context, stack, planFleet(stack))).toEqual([]);
        expect([...(await heldBack(context, stack, planFleet(stack)))]).toEqual([]);
        const files = { ...stack.files, knownHosts: join(context.root, "stacks/dev.known_hosts") };
        const known = await withState(context, { ...stack, files });
        expect([known.rented["gematria"]?.id, planFleet(known).nodes["gematria"]?.hostKey]).toEqual(["1", operatorKey]);
    });
    test("a fleet that rents nothing does not wait for it", async () => {
        const owned = stackOf("dev", devText);
        expect(await withState(remote(undefined), owned)).toBe(owned);
    });
    test("a state that cannot be read is said, before anything is done", async () => {
        await expect(withState(remote(undefined), rentedStack())).rejects.toThrow(
            "The state of dev cannot be read: no such bucket",
        );
    });
});
