import { readLock } from "../../components/fleet/lock";
import { events, failure, makeClone, urnOf, type Clone, type Step } from "./clone";
import { cleanUp } from "./support";

afterEach(cleanUp);
jest.setTimeout(30_000);

const frame = ["program on box", "converge on box", "secrets on box", "finish on box"];
const idle = events(...frame.map((name) => ["same", name] as const));
const roles = (clone: Clone): string[] => {
    const text = clone.read("fake/calls");
    return text.split("\n").filter((line) => line.startsWith("pulumi"));
};
/** Roles of box beside the frame, which the test does not care about, as they are. */
const rest = async (clone: Clone): Promise<string> => {
    const plan = JSON.parse((await clone.fleet("check", "--json")).stdout) as {
        nodes: Record<string, { roles: string[] }>;
    };
    return events(...(plan.nodes["box"]?.roles ?? []).map((role) => ["same", `${role} on box`] as const));
};
const verbsOf = (clone: Clone): string[] =>
    roles(clone).map((line) => `${line.split(" ")[1] ?? ""} ${line.endsWith("=skipped") ? "skipped" : "kept"}`);
const roadsOf = (clone: Clone): unknown => readLock("", clone.read("stacks/home.lock.yaml")).lock.roads;

describe("the preview decides how the engine runs", () => {
    test("nothing to do: the preview is all there is, and says so", async () => {
        const clone = await makeClone();
        clone.set("pulumi-preview", idle + (await rest(clone)));
        const up = await clone.fleet("up");
        expect([up.code, up.stderr]).toEqual([0, ""]);
        expect(up.stdout).toMatch(/ {2}box {2}ok {2}nothing to do\n[\s\S]*All well\. 0 changed/);
        expect(verbsOf(clone)).toEqual(["preview kept"]);
    });

    test.each<[string, Step, string]>([
        ["a role that changes", ["update", "caddy on box"], "up skipped"],
        ["a new password", ["create", "model-key.x", "random:index/randomPassword:RandomPassword"], "up kept"],
    ])("%s", async (_, step, expected) => {
        const clone = await makeClone();
        clone.set("pulumi-preview", idle + events(["update", "caddy on box"], step));
        clone.set("pulumi-up", idle + events(["update", "caddy on box"]));
        const up = await clone.fleet("up", "--json");
        expect(verbsOf(clone)).toEqual(["preview kept", expected]);
        expect(JSON.parse(up.stdout)).toMatchObject({ ran: expected === "up kept" ? "resources" : "commands" });
    });

    test("a stack with nothing in it is not asked first, and keeps its checkpoints", async () => {
        const state = { ".state/.pulumi/stacks/sovereign-edge/home.json": '{"checkpoint":{"latest":{}}}' };
        const clone = await makeClone("", state);
        await clone.fleet("up");
        expect(verbsOf(clone)).toEqual(["up kept"]);
    });

    test("a preview that fails ends the run with its words", async () => {
        const clone = await makeClone();
        clone.set("pulumi-preview", events(["update", "caddy on box"]));
        clone.set("pulumi-preview.err", "error: no plugin");
        clone.set("pulumi-preview.code", "255");
        const up = await clone.fleet("up");
        expect([up.code, up.stdout]).toEqual([1, expect.stringContaining("  error: no plugin\n")]);
        expect(verbsOf(clone)).toEqual(["preview kept"]);
    });
});

test("long work that was not done is asked about again, and shown with how far it is", async () => {
    const clone = await makeClone();
    const weights = "model-x on box";
    clone.set("pulumi-preview", idle + events(["same", weights, undefined, "pending: weights 35 %\nlog 3 ab"]));
    clone.set(
        "pulumi-up",
        idle + events(["create-replacement", weights, undefined, "pending: weights 60 %\nlog 3 ab"]),
    );
    const up = await clone.fleet("up");
    expect(roles(clone).at(-1)).toContain(` --replace ${urnOf(weights)} `);
    expect(up.stdout).toContain("  box: model-x goes on: weights 60 %; the next up says how far\n");
    expect(up.stdout).not.toContain("35 %");
    clone.set("pulumi-up", idle + events(["create-replacement", weights, undefined, "changed: weights\nlog 4 cd"]));
    expect((await clone.fleet("up")).stdout).not.toContain("goes on");
});

test("what the run before was cut off at is taken out of the state when it can be done again, and only that", async () => {
    const operation = (name: string, type: string): object => ({
        type: "creating",
        resource: { urn: urnOf(name, type), type },
    });
    const [role, key, droplet] = [
        operation("caddy on box", "command:remote:Command"),
        operation("mesh secret", "random:index/randomBytes:RandomBytes"),
        operation("gematria", "digitalocean:index/droplet:Droplet"),
    ];
    const exported = (...pending: (object | undefined)[]): string =>
        JSON.stringify({ version: 3, deployment: { resources: [1], pending_operations: pending } });
    const state = ".state/.pulumi/stacks/sovereign-edge/home.json";
    const clone = await makeClone("", { [state]: '{"resources":[{"urn":"x"}],"pending_operations":[]}' });
    clone.set("pulumi-stack", exported(role, droplet, key));
    const up = await clone.fleet("up");
    expect(up.stdout).toContain(
        "  The run before was cut off at caddy on box, mesh secret; that is done again where it is needed.\n",
    );
    expect(JSON.parse(clone.read("fake/imported"))).toEqual(JSON.parse(exported(droplet)));
    clone.set("imported", "");
    clone.set("pulumi-stack", exported(droplet));
    await clone.fleet("up");
    expect(clone.read("fake/imported")).toBe("");
});

test("a change that cut off its own connection is told apart from one that failed", async () => {
    const clone = await makeClone();
    const warning = "sshd on box was not confirmed over a fresh connection. If it was applied, box goes back.";
    const say = `${JSON.stringify({ diagnosticEvent: { severity: "warning", message: warning } })}\n`;
    clone.set("pulumi-preview", events(["update", "sshd on box"]));
    clone.set("pulumi-up", idle + (await rest(clone)) + say + failure("update", "sshd on box", "dial: refused"));
    const up = await clone.fleet("up");
    expect(up.code).toBe(1);
    expect(up.stdout).toMatch(
        /box {2}reverted {2}sshd was applied and no fresh connection came through: box goes back by itself within \d+ s/,
    );
    clone.set("pulumi-up", idle + (await rest(clone)) + failure("update", "sshd on box", "sshd: line 3 is wrong"));
    expect((await clone.fleet("up")).stdout).toMatch(/box {2}failed {2}sshd: line 3 is wrong/);
});

describe("a node that leaves", () => {
    const steps = (op: string, stdout?: string): string =>
        events(["same", "program on box"], ["same", "converge on box"], [op, "leave on box", undefined, stdout]);

    test.each(["create", "same"])(
        "has left when its release is done (%s): road away, block to be deleted",
        async (op) => {
            const clone = await makeClone(", leaving: true");
            const text = steps(op, "changed: released\nkept: /var/lib/caddy\nlog 9 ab");
            clone.set("pulumi-preview", text);
            clone.set("pulumi-up", text);
            const up = await clone.fleet("up");
            expect(up.stdout).toContain("  box is leaving: everything of ours is taken off it");
            expect(up.stdout).toContain("  box: kept: /var/lib/caddy\n");
            expect(up.stdout).toContain(
                "box has left: its block can be deleted from stacks/home.yaml now.\nNo node stays.",
            );
            expect([up.code, roadsOf(clone)]).toEqual([0, {}]);
            clone.set("pulumi-preview", "");
            const after = await clone.fleet("up");
            expect([after.code, after.stdout]).toEqual([
                0,
                expect.stringContaining("  box has left: its block can be deleted"),
            ]);
        },
    );

    test("that has left gets a road again only when it is added itself", async () => {
        const clone = await makeClone(", leaving: true", { "stacks/home.lock.yaml": "version: 1\n" });
        const { address, port } = clone.box;
        const old = "  old: { hardware: amd64-1gb, address: 127.0.0.2, leaving: true }\n";
        clone.set("../stacks/home.yaml", `${clone.read("stacks/home.yaml")}${old}`);
        await clone.fleet("pin");
        expect(roadsOf(clone)).toEqual({});
        const answers = {
            sudo: "ok",
            python: "ok",
            os: "debian",
            osVersion: "13",
            systemd: "yes",
            arch: "amd64",
            memory: 999,
            clock: Date.now() / 1000,
        };
        const said = Object.entries(answers).map(([key, value]) => `${key}=${value}\n`);
        clone.set("ssh-status", said.join(""));
        const added = await clone.fleet("add", "box", address, "--port", String(port));
        expect([added.code, Object.keys(roadsOf(clone) as object)]).toEqual([0, ["box"]]);
    });

    test("stays in the lock when its release failed", async () => {
        const clone = await makeClone(", leaving: true");
        clone.set("pulumi-preview", steps("create"));
        clone.set(
            "pulumi-up",
            events(["same", "converge on box"]) + failure("create", "leave on box", "apt: no space"),
        );
        const up = await clone.fleet("up");
        expect([up.code, up.stdout]).toEqual([1, expect.stringContaining("box  failed  leave: apt: no space")]);
        clone.set("pulumi-up", events(["same", "converge on box"]));
        clone.set("pulumi-up.code", "137");
        expect((await clone.fleet("up")).stdout).toContain("The engine was ended in the middle.");
        expect(roadsOf(clone)).toEqual({ box: 20999 });
    });

    test("that is gone for good is forgotten, and nothing is dialled", async () => {
        const clone = await makeClone(", leaving: gone");
        const text = events(["delete", "finish on box"], ["delete", "secrets on box"]);
        clone.set("pulumi-preview", text);
        clone.set("pulumi-up", text);
        const up = await clone.fleet("up");
        expect(up.stdout).toContain("  box is gone for good: nothing is dialled");
        expect(up.stdout).toContain("box has left: its block can be deleted");
        expect([up.code, roadsOf(clone)]).toEqual([0, {}]);
        clone.set("pulumi-up.code", "255");
    });

    test("that is gone keeps its road while the run fails", async () => {
        const clone = await makeClone(", leaving: gone");
        clone.set("pulumi-preview.code", "255");
        expect((await clone.fleet("up")).code).toBe(1);
        expect(roadsOf(clone)).toEqual({ box: 20999 });
    });

    test("is said in words by preview and check", async () => {
        const clone = await makeClone(", leaving: true");
        for (const verb of ["preview", "check"]) {
            expect((await clone.fleet(verb)).stdout).toContain("box is leaving: everything of ours is taken off it");
        }
    });

    test("whose block was deleted too early is refused by preview and up before anything runs", async () => {
        const lock = { "stacks/home.lock.yaml": "version: 1\nroads:\n  box: 20999\n  old: 20998\n" };
        const clone = await makeClone("", lock);
        for (const verb of ["preview", "up"]) {
            const { code, stderr } = await clone.fleet(verb);
            expect([code, stderr]).toEqual([
                2,
                expect.stringMatching(/^stacks\/home\.lock\.yaml:4:3 {2}SE044 {2}roads\.old/),
            ]);
        }
        expect(clone.calls()).toEqual([]);
        expect((await clone.fleet("pin")).code).toBe(0);
        expect(roadsOf(clone)).toEqual({ box: 20999, old: 20998 });
    });
});
