import { makeClone } from "./clone";
import { cleanUp } from "./support";

afterEach(cleanUp);

const config = (names: readonly string[]): string =>
    `config:\n  sovereign-edge:secrets:\n${names.map((name) => `    ${name}:\n      secure: v1:x\n`).join("")}`;

test("a first value is the first generation", async () => {
    const clone = await makeClone("", { "Pulumi.home.yaml": config(["other.token"]) });
    const set = await clone.feed("a value\n", "secret", "set", "web.token");
    expect([set.code, set.stdout]).toEqual([0, expect.stringMatching(/web\.token is set/)]);
    expect(clone.read("stacks/home.lock.yaml")).toContain("generations: {}");
});

test("another value is another generation, so that what uses it is rendered again", async () => {
    const clone = await makeClone("", { "Pulumi.home.yaml": config(["web.token"]) });
    const set = await clone.feed("another\n", "secret", "set", "web.token");
    expect([set.code, set.stdout]).toEqual([0, expect.stringContaining("web.token (generation 2) is set")]);
    await clone.feed("a third\n", "secret", "set", "web.token");
    expect(clone.read("stacks/home.lock.yaml")).toContain("web.token: 3");
    expect(clone.calls().join("\n")).not.toMatch(/another|a third/);
});

test("no value changes nothing", async () => {
    const clone = await makeClone("", { "Pulumi.home.yaml": config(["web.token"]) });
    const set = await clone.feed("", "secret", "set", "web.token");
    expect([set.code, set.stderr]).toEqual([2, expect.stringContaining("empty")]);
    expect([clone.read("stacks/home.lock.yaml"), clone.calls()]).toEqual([
        expect.stringContaining("generations: {}"),
        [],
    ]);
});
