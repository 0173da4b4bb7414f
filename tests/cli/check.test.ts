import { notBuilt } from "../../components/fleet/built";
import { planFleet } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { checkJson, checkSchema } from "../../tools/cli/check-json";
import { checkText, type Shown } from "../../tools/cli/check-text";
import { bar, fitting, layoutOf, plainLayout, wrap } from "../../tools/cli/check-text-layout";
import { devText, homeText, stackOf } from "../support/stack";
import { makeClone } from "./clone";
import { cleanUp } from "./support";

afterEach(cleanUp);
jest.setTimeout(30_000);

function shownOf(stack: Stack): Shown {
    const unbuilt = notBuilt(stack).map((problem) => stack.place(problem));
    return { stack, unbuilt, missing: [], ...(unbuilt.length > 0 ? {} : { plan: planFleet(stack) }) };
}

const textOf = (name: string, text: string): string => checkText(shownOf(stackOf(name, text)), plainLayout);

/** Two homes and a rented server, with parts that are not built yet. */
const mixedText = `version: 1
fleet: mixed
locations:
  home: { lan: 192.168.1.0/24 }
  cabin: { lan: 192.168.2.0/24 }
nodes:
  alice: { hardware: pi5-8gb, disk: nvme-256gb, location: home, address: 192.168.1.10 }
  bob: { hardware: pi5-8gb, disk: nvme-256gb, location: home, address: 192.168.1.11 }
  carol: { hardware: pi5-8gb, disk: nvme-256gb, location: cabin, address: 192.168.2.10 }
  edge: { hardware: amd64-2gb, address: 203.0.113.10 }
edge: { at: edge, acme: ops@mixed.example }
dns: { primary: edge }
domains: { mixed.example: { } }
websites:
  many: { each: "site-{01..20}", at: alice, public: "{name}.mixed.example" }
  few: { each: [a, b], at: bob, public: "{name}.few.mixed.example" }
`;

describe("for people", () => {
    test("the smallest fleet", () => {
        expect(textOf("home", homeText)).toMatch(
            /^Nodes {2}1 node\n {2}box {2}amd64-16gb · root@192\.168\.1\.20:22\n {4}memory █·+▒+ \d+ MiB of 16\.0 GiB, \S+ \S+ reserve\n {11}gemma3:270m/,
        );
        expect(textOf("home", homeText)).not.toContain("Mesh");
        expect(textOf("home", homeText)).toContain("  models  https://ai.home.internal/v1");
    });

    test("a fleet with parts to come: relays, blocks of names summed up, what is not built", () => {
        const text = textOf("mixed", mixedText);
        expect(text).toContain("  2 pairs  cabin – home: relayed via edge\n");
        expect(text).toContain("   1 pair  within home: direct LAN\n");
        expect(text).toMatch(/site-01\.mixed\.example … site-20\.mixed\.example → the 20 names of many\s+on alice/);
        expect(text).toMatch(/a\.few\.mixed\.example → \S+ on bob, answered by edge/);
        expect(text).toContain("Planned, not built yet");
        expect(text).toContain("  websites: many, few\n");
        expect(text).not.toContain("Roles");
    });

    test.each([
        ["dev", devText],
        ["mixed", mixedText],
    ])("%s keeps to 80 columns", (name, text) => {
        expect(
            textOf(name, text)
                .split("\n")
                .filter((line) => line.length > 80),
        ).toEqual([]);
    });

    test("fifty nodes take a line each", () => {
        const more = Array.from({ length: 46 }, (_, i) => {
            const place = `location: home, address: 192.168.1.${i + 20}, mesh: 10.44.1.${i + 20}`;
            return `  n${i}: { hardware: pi5-8gb, ${place} }\n`;
        });
        const start = mixedText.replace("locations:", "mesh: { network: 10.44.0.0/16 }\nlocations:");
        const text = textOf("mixed", start.replace("edge: { at", `${more.join("")}edge: { at`));
        const nodes = text.slice(0, text.indexOf("\n\n")).split("\n");
        expect(nodes).toHaveLength(52);
        expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    });

    test("a budget that is too small says by how much", () => {
        const shown = shownOf(stackOf("home", homeText));
        const item = { what: "elephant", bytes: 17 * 2 ** 30, path: [] };
        const memory = { size: 16 * 2 ** 30, reserve: 2 ** 30, items: [item] };
        const design = { ...shown.stack.design, budgets: { box: { memory } } };
        expect(checkText({ ...shown, stack: { ...shown.stack, design } }, plainLayout)).toContain(
            "    memory ███████████████▒ 17.0 GiB of 16.0 GiB, 1.0 GiB reserve, 2.0 GiB over\n",
        );
    });

    test("what else is missing is summed up by kind", () => {
        const stack = stackOf("mixed", mixedText);
        const lack = (name: string) => ({
            ...stack.place({ code: "SE041", path: [name], message: `No key of ${name}.`, fix: "Run `./fleet add`." }),
        });
        const text = checkText({ ...shownOf(stack), missing: [lack("alice"), lack("bob")] }, plainLayout);
        expect(text).toContain("  missing too, SE041 and 1 like it: No key of alice. Run `./fleet add`.");
    });
});

describe("layout", () => {
    test.each([
        [0, 1, 8, "··············▒▒"],
        [0.001, 1, 8, "█·············▒▒"],
        [6.99, 1, 8, "█████████████·▒▒"],
        [7, 1, 8, "██████████████▒▒"],
        [70, 1, 8, "██████████████▒▒"],
        [1, 8, 8, "▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒"],
        [0, 0, 0, "················"],
    ])("a bar of %d beside %d of %d", (used, reserve, size, expected) => {
        expect(bar(used, reserve, size)).toBe(expected);
    });

    test("texts are broken between words, lists are cut with a count", () => {
        expect(wrap("aa bb cc dd", "> ", 8)).toEqual(["> aa bb", "  cc dd"]);
        expect(wrap("unbreakable", "long lead ", 12)).toEqual(["long lead", "      unbreakable"]);
        expect(fitting(["a", "b", "c"], 80)).toBe("a, b, c");
        expect(fitting(["aaaa", "bbbb", "cccc", "dddd"], 16)).toBe("aaaa and 3 more");
        expect(fitting([], 10)).toBe("");
    });

    test("colours only on a terminal that wants them", () => {
        const screen = { isTTY: true, columns: 200 };
        expect([layoutOf({}).width, layoutOf({}).bold("x")]).toEqual([80, "x"]);
        expect([layoutOf(screen, {}).width, layoutOf(screen, {}).bold("x")]).toEqual([120, "\u001b[1mx\u001b[0m"]);
        expect(layoutOf(screen, { NO_COLOR: "1" }).alarm("x")).toBe("x");
        expect(layoutOf({ isTTY: true, columns: 20 }, { TERM: "dumb" }).width).toBe(60);
    });
});

describe("as JSON", () => {
    test.each([
        ["dev", devText],
        ["home", homeText],
        ["mixed", mixedText],
    ])("%s has the documented shape, the same every time", (name, text) => {
        const written = (): unknown => JSON.parse(JSON.stringify(checkJson(name, shownOf(stackOf(name, text)), [])));
        expect(() => checkSchema.parse(written())).not.toThrow();
        expect(written()).toEqual(written());
    });
});

describe("exit code", () => {
    test("2 when something has to be fetched first and everything is built", async () => {
        const lock = { "stacks/home.lock.yaml": "version: 1\n" };
        const { code, stderr } = await (await makeClone("", lock)).fleet("check");
        expect([code, stderr]).toEqual([2, expect.stringContaining("SE042")]);
    });

    test("0 when all there is to say is that a part is not built yet", async () => {
        const inventory = `${(await makeClone()).read("stacks/home.yaml")}services: { nats: { at: box } }\n`;
        const clone = await makeClone("", { "stacks/home.yaml": inventory, "stacks/home.lock.yaml": "version: 1\n" });
        const { code, stdout, stderr } = await clone.fleet("check", "--json");
        expect(code).toBe(0);
        const shown = checkSchema.parse(JSON.parse(stdout));
        expect([shown.ok, shown.unbuilt.length, shown.missing.map(({ code: c }) => c)]).toEqual([true, 1, ["SE042"]]);
        expect(stderr).toContain("Planned, not built yet  1 part");
        expect(stderr).toMatch(/missing too, SE042: box has no road/);
    });
});
