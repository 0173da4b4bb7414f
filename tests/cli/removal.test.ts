import { hostname } from "node:os";
import { events, failure, makeClone, type Clone } from "./clone";
import { cleanUp, otherKey } from "./support";

afterEach(cleanUp);
jest.setTimeout(30_000);

const verbs = (clone: Clone): string[] =>
    clone.calls().map((line) => line.replace(/^(ssh) .* (release|status)( .*)?$/, "$1 $2"));
const yes = ["--yes-destroy", "home"];
const released = `changed: released\nkept: /var/lib/caddy\nlog 9 ${"0".repeat(64)}\n`;

describe("./fleet reset", () => {
    test("asks for the fleet's name, and without it does nothing", async () => {
        const clone = await makeClone();
        const before = clone.read("stacks/home.yaml");
        expect((await clone.fleet("reset", "box")).stderr).toContain("Give --yes-destroy home.");
        expect(await clone.fleet("reset", "box", "--yes-destroy", "hme")).toMatchObject({
            code: 2,
            stderr: 'fleet: "hme" is not home. Nothing was done.\n',
        });
        expect([clone.calls(), clone.read("stacks/home.yaml")]).toEqual([[], before]);
    });

    test("raises the incarnation, then releases, says what stays, and what comes next", async () => {
        const clone = await makeClone();
        const before = clone.read("stacks/home.yaml");
        clone.set("ssh-release", released);
        const { code, stdout } = await clone.fleet("reset", "box", ...yes);
        const after = before.replace(" } # the only one", ", incarnation: 2 } # the only one");
        expect([code, clone.read("stacks/home.yaml"), clone.read("fake/inventory-then")]).toEqual([0, after, after]);
        expect(verbs(clone)).toEqual(["ssh release"]);
        expect(stdout).toContain("  box: changed: released\n  box: kept: /var/lib/caddy\n");
        expect(stdout).not.toContain("log 9");
        expect(stdout).toContain(
            "its incarnation is 2 now in stacks/home.yaml: the next `./fleet up` sends everything again.",
        );
        const { stdout: json } = await clone.fleet("reset", "box", ...yes, "--json");
        expect(JSON.parse(json)).toMatchObject({ ok: true, node: "box", released: true, incarnation: 3 });
    });

    test("a release that failed is said, and reset may be run again", async () => {
        const clone = await makeClone();
        clone.set("ssh-release.err", "release: apt-get purge failed");
        clone.set("ssh-release.code", "1");
        const { code, stdout } = await clone.fleet("reset", "box", ...yes);
        expect([code, stdout]).toEqual([
            1,
            expect.stringContaining("  box: NOT RELEASED: release: apt-get purge failed\n"),
        ]);
        expect(stdout).toContain("Mend that and run reset again.");
    });

    test.each([
        ["shows another host key", { "stacks/home.known_hosts": `box ${otherKey}\n` }, "another host key", 1],
        ["leaves anyway", { leaving: ", leaving: true" }, "`./fleet up` takes everything off it", 2],
    ])("a node that %s is not touched", async (_, change, words, expected) => {
        const { leaving = "", ...files } = change as Record<string, string>;
        const clone = await makeClone(leaving, files);
        const before = clone.read("stacks/home.yaml");
        const { code, stderr } = await clone.fleet("reset", "box", ...yes);
        expect([code, stderr]).toEqual([expected, expect.stringContaining(words)]);
        expect([clone.calls(), clone.read("stacks/home.yaml")]).toEqual([[], before]);
    });
});

describe("./fleet destroy", () => {
    const off = { "stacks/home.known_hosts": "" };

    test("releases, lifts the protection, then forgets, in this order", async () => {
        const clone = await makeClone();
        clone.set("ssh-release", released);
        clone.set("pulumi-destroy", events(["delete", "finish on box"]));
        const { code, stdout } = await clone.fleet("destroy", ...yes);
        expect(verbs(clone)).toEqual([
            "ssh release",
            "pulumi state unprotect --all --yes --stack home checkpoints=",
            "pulumi destroy --yes --skip-preview --continue-on-error --json --non-interactive --stack home checkpoints=",
        ]);
        expect([code, stdout]).toEqual([0, expect.stringContaining("  box: kept: /var/lib/caddy\n")]);
        expect(stdout).toContain("Fleet home is taken down: 1 resources forgotten.");
    });

    test("a node that cannot be cleaned is named and not forgotten; the second try goes on", async () => {
        const clone = await makeClone("", off);
        const first = await clone.fleet("destroy", ...yes);
        expect([first.code, first.stdout]).toEqual([
            1,
            expect.stringContaining("  box: NOT RELEASED: has no pinned host key\n"),
        ]);
        expect(first.stdout).toContain(
            "box could not be cleaned and is still known. Run destroy again when it answers.",
        );
        expect(clone.calls()).toEqual([]);
        const forgotten = await clone.fleet("destroy", ...yes, "--forget");
        expect([forgotten.code, verbs(clone).length]).toEqual([0, 2]);
    });

    test("what could not be forgotten is named", async () => {
        const clone = await makeClone();
        clone.set("pulumi-destroy", failure("delete", "finish on box", "state is read-only"));
        const { code, stdout } = await clone.fleet("destroy", ...yes);
        expect([code, stdout]).toEqual([1, expect.stringContaining("  finish on box: state is read-only")]);
        clone.set("pulumi-state.err", "no such stack");
        clone.set("pulumi-state.code", "1");
        const second = await clone.fleet("destroy", ...yes);
        expect([second.code, second.stdout]).toEqual([1, expect.stringContaining("no such stack")]);
        expect(verbs(clone).filter((verb) => verb.startsWith("pulumi destroy"))).toHaveLength(1);
    });
});

describe("./fleet unlock", () => {
    const locked = (pid: number, host = hostname()): Record<string, string> => ({
        ".state/.pulumi/locks/organization/sovereign-edge/home/1.json": JSON.stringify({
            pid,
            username: "alexa",
            hostname: host,
            timestamp: "2026-11-21T10:00:32.123Z",
        }),
    });
    const gone = 2 ** 22 + 1;
    const holder = "pid 812 (role caddy, since 2026-11-21T10:00:00Z, by alice@laptop)";

    test("frees the stack from a run that is gone, and shows who holds a node since when", async () => {
        const clone = await makeClone("", locked(gone));
        clone.set("ssh-status", JSON.stringify({ lock: holder }));
        const { code, stdout } = await clone.fleet("unlock");
        expect(code).toBe(0);
        expect(verbs(clone)).toEqual(["pulumi cancel --yes --stack home checkpoints=", "ssh status"]);
        expect(stdout).toContain(
            `is free again; it was locked by alexa@${hostname()} (process ${gone}, since 2026-11-21T10:00:32)`,
        );
        expect(stdout).toContain(`  box  held  ${holder}\n`);
    });

    test("leaves a run alone that goes on here", async () => {
        const clone = await makeClone("", locked(process.pid));
        clone.set("ssh-status", '{"lock":""}');
        const { code, stdout } = await clone.fleet("unlock", "--json");
        expect(JSON.parse(stdout)).toMatchObject({
            ok: false,
            engine: "held",
            nodes: [{ node: "box", state: "free" }],
        });
        expect([code, verbs(clone)]).toEqual([1, ["ssh status"]]);
    });

    test("asks for the fleet's name where it cannot see whether the run goes on", async () => {
        const clone = await makeClone("", locked(gone, "elsewhere"));
        expect(await clone.fleet("unlock")).toMatchObject({
            code: 2,
            stderr: expect.stringContaining("--yes-unlock home") as string,
        });
        expect(clone.calls()).toEqual([]);
        expect((await clone.fleet("unlock", "--yes-unlock", "home")).code).toBe(0);
        expect(verbs(clone)[0]).toMatch(/^pulumi cancel/);
    });

    test("nothing is locked; a node that does not say so is told; a refused inventory keeps no stack locked", async () => {
        const clone = await makeClone();
        clone.set("ssh-status.code", "1");
        const { code, stdout } = await clone.fleet("unlock");
        expect([code, stdout]).toEqual([
            0,
            expect.stringContaining("The stack home is not locked.\n  box  unknown  it does not say\n"),
        ]);
        const broken = await makeClone(", colour: red", locked(gone));
        const freed = await broken.fleet("unlock");
        expect([freed.code, freed.stderr]).toEqual([0, expect.stringContaining("The inventory is refused")]);
        expect(verbs(broken)).toHaveLength(1);
    });
});
