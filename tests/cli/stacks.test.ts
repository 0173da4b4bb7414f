import { chooseStack, filesOf, headline, listStacks, nodeNames } from "../../tools/cli/stacks";
import { cleanUp, makeRoot } from "./support";
import { homeText } from "../support/stack";

afterEach(cleanUp);

test("the only fleet beside dev is chosen; companions of an inventory are none", () => {
    const root = makeRoot({ "stacks/dev.yaml": "", "stacks/home.yaml": homeText, "stacks/home.lock.yaml": "" });
    expect(listStacks(root)).toEqual(["dev", "home"]);
    expect(chooseStack(root, undefined)).toBe("home");
    expect(chooseStack(root, "dev")).toBe("dev");
});

test("one that was made here comes before inventories that merely lie there", () => {
    const files = { "stacks/example.yaml": "", "stacks/other.yaml": "", "stacks/home.yaml": homeText };
    const made = { "Pulumi.home.yaml": "encryptionsalt: v1:AA\n", "Pulumi.dev.yaml": "" };
    expect(chooseStack(makeRoot({ ...files, ...made }), undefined)).toBe("home");
    const two = makeRoot({ ...files, ...made, "Pulumi.other.yaml": "" });
    expect(() => chooseStack(two, undefined)).toThrow(
        "Which fleet? Name it with -s: home, other. (Or set FLEET_STACK.)",
    );
});

test("an inventory elsewhere is found through the stack's settings", () => {
    const root = makeRoot({ "Pulumi.far.yaml": "config:\n  sovereign-edge:inventory: ../private/far.yaml\n" });
    expect(listStacks(root)).toEqual(["far"]);
    expect(filesOf(root, "far").lock).toMatch(/private\/far\.lock\.yaml$/);
});

test.each([
    [{ "stacks/dev.yaml": "" }, undefined, "There is no fleet yet. Make one with `./fleet init NAME`"],
    [
        { "stacks/a.yaml": "", "stacks/b.yaml": "" },
        undefined,
        "Which fleet? Name it with -s: a, b. (Or make your own: `./fleet init NAME`.)",
    ],
    [{ "stacks/home.yaml": "" }, "hone", 'There is no fleet "hone". Did you mean "home"?'],
    [{ "stacks/home.yaml": "" }, "office", "Make it with `./fleet init office`."],
])("%j with %j is refused with what to do", (files, named, message) => {
    expect(() => chooseStack(makeRoot(files), named)).toThrow(message);
});

test("the first line names the nodes, of a broken inventory too as far as it can be read", () => {
    const root = makeRoot({ "stacks/home.yaml": `${homeText}egde: {}\n`, "stacks/bad.yaml": "nodes: [\n" });
    expect(headline("home", nodeNames(filesOf(root, "home")))).toBe("Fleet home: box");
    expect(headline("bad", nodeNames(filesOf(root, "bad")))).toBe("Fleet bad: no nodes yet");
    const many = Array.from({ length: 14 }, (_, i) => `n${i}`);
    expect(headline("big", many)).toMatch(/n11 and 2 more$/);
});
