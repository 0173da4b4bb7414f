import { Clone } from "./clone";

const cli = "versions/3.259.0/bin/pulumi";
const plugin = "plugins/resource-command-v1.2.1/pulumi-resource-command";

let clone: Clone;
beforeEach(() => {
    clone = new Clone();
});
afterEach(() => {
    clone.remove();
});

const builds = (calls: readonly string[]): string[] => calls.filter((call) => call.startsWith("go build"));

test("builds what is missing where the download site does not answer, and does nothing the second time", () => {
    const first = clone.setup();
    expect(first.stderr).toBe("");
    expect(builds(first.calls)).toHaveLength(6);
    expect(first.calls).toContain("probe");
    expect(first.stdout).toMatch(/^setup: build pulumi-resource-tls done in \d+ s$/m);
    expect(clone.installed(cli)).toBe("built github.com/pulumi/pulumi/pkg/v3/cmd/pulumi\n");
    expect(clone.installed(plugin)).toBe("built ./command\n");
    expect(clone.installed(`${plugin}.stamp`)).toMatch(/^[0-9a-f]{16}-go1\.26\.8-GOOS-GOARCH\n$/);

    const second = clone.setup();
    expect([second.code, second.stdout, second.calls]).toEqual([0, "", []]);
});

test("a second clone needs no build", () => {
    clone.setup();
    clone.another();
    const again = clone.setup();
    expect(again.calls).toEqual([expect.stringContaining("npm")]);
    const elsewhere = clone.setup([], { PULUMI_HOME: `${clone.home}/.pulumi-2` });
    expect([elsewhere.code, builds(elsewhere.calls)]).toEqual([0, []]);
});

test("lets the launcher and the engine fetch what is missing where the site answers", () => {
    const { code, calls } = clone.setup([], { SITE: "answers" });
    expect(code).toBe(0);
    expect(calls.slice(1)).toEqual([
        "probe",
        "pulumi version",
        "pulumi plugin install resource command 1.2.1",
        "pulumi plugin install resource digitalocean 4.80.1",
        "pulumi plugin install resource random 4.21.1",
        "pulumi plugin install resource tls 5.5.1",
    ]);
    expect(clone.setup().calls).toEqual([]);
});

test("never touches a CLI or plugin that it has not built", () => {
    clone.place(cli, "somebody's");
    clone.place(plugin, "somebody's");
    const { stdout } = clone.setup(["--toolchain=build"]);
    expect(stdout).toContain("stays as it is");
    expect(clone.installed(cli)).toBe("somebody's");
    expect(clone.installed(plugin)).toBe("somebody's");
    expect(clone.installed("plugins/resource-tls-v5.5.1/pulumi-resource-tls")).toBe("built ./tls\n");
});

test("--toolchain=download replaces what was built here", () => {
    clone.setup();
    clone.setup(["--toolchain=download"]);
    expect(clone.installed(cli)).toBe("official\n");
    expect(clone.installed(plugin)).toBe("official\n");
    expect(clone.installed(`${plugin}.stamp`)).toBeUndefined();
});

test("builds again what its sources say, and nothing for a changed test", () => {
    clone.setup();
    clone.write("tools/providers/main_test.go", "package main\n");
    expect(clone.setup().calls).toEqual([]);
    clone.write("tools/providers/main.go", "package main // changed\n");
    const { calls } = clone.setup();
    expect(builds(calls)).toEqual(
        ["./language-nodejs", "./command", "./digitalocean", "./random", "./tls"].map((name) => `go build ${name}`),
    );
});

test("installs npm packages only when the lock file changed", () => {
    expect(clone.setup().calls[0]).toMatch(/^npm .*ci --ignore-scripts/);
    clone.write("package-lock.json", "{ }");
    expect(clone.setup().calls).toEqual([expect.stringContaining("npm")]);
});

test("a failed build shows the end of its output, and the next run starts over", () => {
    const failed = clone.setup([], { GO_FAILS: "yes" });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
        /the compiler says no\ntools\/setup: build pulumi failed; the whole output is in \S+\n/,
    );
    expect(clone.locked()).toBe(false);
    expect(clone.setup().code).toBe(0);
});

test.each([
    [{ NODE_IS: "v18.20.0" }, [], "Node.js 20 or newer is needed"],
    [{ GO_IS: "go1.19.8" }, [], "needs Go 1.25.11 or newer"],
    [{ SYSTEM: "Darwin" }, ["--lab"], "needs Linux (here: Darwin). Without --lab everything else works."],
    [{ USER_ID: "1000" }, ["--lab"], "run: sudo apt-get install --no-install-recommends wireguard-tools\n"],
    [{}, ["--labs"], "unknown argument --labs"],
])("%j %j is refused in words", (environment, args, words) => {
    const { code, stderr } = clone.setup(args, environment);
    expect(code).toBe(1);
    expect(stderr).toContain(words);
});

test("says what to install where there is no Go", () => {
    clone.uninstall("go");
    expect(clone.setup().stderr).toMatch(/there is no go\. Install it from https:\/\/go\.dev\/dl\//);
});

test("installs the lab's missing packages as root, and no others", () => {
    const { stdout, calls } = clone.setup(["--lab"]);
    expect(stdout).toMatch(/^setup: Debian packages: wireguard-tools done in/m);
    expect(calls.filter((call) => call.startsWith("apt-get"))).toEqual([
        "apt-get update",
        "apt-get install --yes --no-install-recommends wireguard-tools",
    ]);
});
