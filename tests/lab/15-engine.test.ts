import { once } from "node:events";
import type { Role } from "../../components/converge/schema";
import { Engine, type StateResource } from "./program/drive";
import { FarSide } from "./program/far-side";
import { note } from "./support";

/*
 * The real engine and a real sshd, with a stand-in for converge.py: what becomes of a run that waits to be confirmed, of a
 * connection that breaks, of a node that vanishes. No machine of the lab takes part.
 */

const [a, b] = [2201, 2202] as const;
const dangerous: Role = { confirm: { window: 60 } };
const plain: Role = { files: { "/etc/x": { mode: "0644", owner: "root:root", text: "x\n" } } };
let far: FarSide;
let engine: Engine;

beforeAll(async () => {
    far = await FarSide.make([a, b]);
});
afterAll(() => far.dispose());
beforeEach(async () => {
    engine = await Engine.make(far.start);
    far.runs(a);
    far.runs(b);
});
afterEach(() => {
    engine.dispose();
});

const stdoutOf = (resources: readonly StateResource[], name: string): unknown =>
    resources.find(({ urn }) => urn.endsWith(`::${name}`))?.outputs?.["stdout"];

test.each([
    ["waits to be confirmed", "arm"],
    ["lost its connection", "hang-up"],
] as const)("a dangerous role that %s is run again over a fresh connection; only that is recorded", async (_, step) => {
    far.plan(a, step);
    const fleet = { nodes: { alice: far.node(a, { firewall: dangerous, web: plain }) } };
    const up = await engine.up(fleet);
    note(`engine-${step}.txt`, up.text);
    expect(up.code).toBe(0);
    expect(up.text).not.toMatch(/error:|failed/);
    expect(stdoutOf(await engine.state(), "firewall on alice")).toBe("changed: firewall, confirmed");
    const runs = far.runs(a);
    expect(runs.map(({ verb, role }) => `${verb} ${role}`)).toEqual([
        "install ",
        "secrets ",
        "apply firewall",
        "apply firewall",
        "apply web",
        "finish ",
    ]);
    const [armed, confirming] = runs.filter(({ role }) => role === "firewall");
    const before = runs.slice(0, runs.indexOf(confirming!)).map(({ from }) => from);
    expect(before).toContain(armed!.from);
    expect(before).not.toContain(confirming!.from);
    expect((await engine.preview(fleet)).text).toMatch(/\d+ unchanged/);
    expect((await engine.destroy()).code).toBe(0);
});

test("a second confirmation may fail as well; a third is not asked for", async () => {
    far.plan(a, "hang-up", "arm", "arm", "arm");
    const up = await engine.up({ nodes: { alice: far.node(a, { firewall: dangerous }) } });
    expect(up.code).not.toBe(0);
    expect(far.runs(a).filter(({ role }) => role === "firewall").length).toBe(3);
    expect(up.text).toMatch(/firewall on alice was not confirmed .* alice goes back .* 60 s after the change/);
});

test("any other failure is reported at once, as the machine said it", async () => {
    far.plan(a, "fail");
    const up = await engine.up({ nodes: { alice: far.node(a, { firewall: dangerous }) } });
    expect(up.code).not.toBe(0);
    expect(far.runs(a).filter(({ role }) => role === "firewall").length).toBe(1);
    expect(up.text).toContain("no such thing");
    expect(stdoutOf(await engine.state(), "firewall on alice")).toBeUndefined();
});

test("two nodes wait to be confirmed at once while the engine does two things at a time", async () => {
    far.plan(a, "arm", "arm");
    far.plan(b, "arm", "arm");
    const roles = { firewall: dangerous, sshd: dangerous, web: plain };
    const fleet = { nodes: { alice: far.node(a, roles), bob: far.node(b, roles) } };
    const up = await engine.up(fleet, "--parallel", "2");
    note("engine-parallel.txt", `${up.text}\n${up.seconds} s`);
    expect(up.code).toBe(0);
    for (const port of [a, b])
        expect(far.runs(port).filter(({ role }) => ["firewall", "sshd"].includes(role)).length).toBe(4);
});

test("a node that vanishes at the swap fails the run within 30 s, and a mended way heals it", async () => {
    far.plan(a, "vanish");
    const fleet = { nodes: { alice: far.node(a, { firewall: dangerous }), bob: far.node(b, { web: plain }) } };
    const up = await engine.up(fleet);
    const gone = far.gone(a);
    note("engine-vanish.txt", `${up.text}\n${gone} s after the swap`);
    expect(up.code).not.toBe(0);
    expect(gone).toBeLessThan(30);
    expect(up.text).toMatch(/A connection to alice broke/);
    expect(up.text).toMatch(/alice does not answer/);
    expect(up.text).toMatch(/firewall on alice was not confirmed .* alice goes back .* by itself/);
    expect(stdoutOf(await engine.state(), "finish on bob")).toBe("unchanged");
    await far.mend();
    expect((await engine.up(fleet)).code).toBe(0);
});

test("a session whose far side vanishes is cut off, whether it is idle or has just sent something", async () => {
    const speaker = far.spawnFar(["tools/node", "tests/lab/program/speaker.ts", "7000"]);
    const [bytes] = (await once(speaker.stdout!, "data")) as [Buffer];
    const argv = ["198.51.100.2", "7000", bytes.toString().trim(), ...far.cutting];
    const { stdout } = await far.start(["tools/node", "tests/lab/program/cut.ts", ...argv]);
    await far.mend();
    note("engine-cut.json", stdout);
    const { idle, sending, reports } = JSON.parse(stdout) as { idle: number; sending: number; reports: string[] };
    expect(Math.max(idle, sending)).toBeLessThan(15);
    expect(reports.sort()).toEqual([
        "A connection to alice broke: 198.51.100.2:7000 acknowledged nothing for 10 s.",
        "A connection to alice broke: 198.51.100.2:7000 does not answer any more.",
    ]);
});

test("no more than two logins at once, and at most one a command", async () => {
    const roles = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`role-${i}`, plain]));
    const logins = (): number => far.log(b).match(/^Connection from/gm)?.length ?? 0;
    const before = logins();
    const up = await engine.up({ nodes: { bob: far.node(b, roles) } }, "--parallel", "32");
    note("engine-logins.txt", `${up.text}\n${logins() - before} connections, ${up.seconds} s`);
    expect(up.code).toBe(0);
    expect(far.log(b)).not.toMatch(/MaxStartups/);
    // The official provider logs in for every command; the offline one for eight that run at once.
    expect(logins() - before).toBeGreaterThan(0);
    expect(logins() - before).toBeLessThanOrEqual(Object.keys(roles).length + 4);
});

test("a wrong host key is named with both fingerprints and the place of the pin, and nobody logs in", async () => {
    const logins = (): number => far.log(a).match(/^Accepted/gm)?.length ?? 0;
    const before = logins();
    const alice = far.node(a, { web: plain });
    const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGd0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0";
    const up = await engine.up({ nodes: { alice: { ...alice, hostKey: other } } });
    note("engine-host-key.txt", up.text);
    expect(up.code).not.toBe(0);
    expect(new Set(up.text.match(/SHA256:[A-Za-z0-9+/]{43}/g)).size).toBe(2);
    expect(up.text).toMatch(/alice .* shows another host key[^]*raw\.json:alice/);
    expect(up.text).toContain("host key mismatch");
    expect(logins()).toBe(before);
});

test("the state holds the hash of the program, and not the program", async () => {
    const fleet = (...names: string[]): { nodes: Record<string, ReturnType<FarSide["node"]>> } => ({
        nodes: Object.fromEntries(names.map((name, i) => [name, { ...far.node(a, {}), road: 30_000 + i }])),
    });
    await engine.up(fleet("alice"));
    const one = engine.stateText().length;
    await engine.up(fleet("alice", "bob"));
    const bytes = engine.stateText().length - one;
    note("engine-state.txt", `a node without roles costs ${bytes} bytes of state`);
    expect(engine.stateText()).not.toContain("def main");
    expect(bytes).toBeLessThan(16_384);
});

test("a node that leaves is taken leave of, and nothing else; when it comes back, all is sent again", async () => {
    const alice = far.node(a, { web: plain });
    const verbs = (): string[] => far.runs(a).map(({ verb }) => verb);
    await engine.up({ nodes: { alice } });
    expect(verbs()).toEqual(["install", "secrets", "apply", "finish"]);
    await engine.up({ nodes: { alice: { ...alice, leaving: true, roles: {} } } });
    expect(verbs()).toEqual(["install", "release"]);
    const left = (await engine.state())
        .map(({ urn }) => urn.split("::").at(-1))
        .filter((name) => name?.includes(" on "));
    expect(left.sort()).toEqual(["converge on alice", "leave on alice", "program on alice"]);
    await engine.up({ nodes: { alice: { ...alice, leaving: true, roles: {} } } });
    expect(verbs()).toEqual([]);
    await engine.up({ nodes: { alice } });
    expect(verbs()).toEqual(["install", "secrets", "apply", "finish"]);
});
