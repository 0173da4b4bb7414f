import type { NodePlan } from "../../components/fleet/plan";
import { formatAge } from "../../tools/cli/output";
import { mixUps } from "../../tools/cli/status-facts";
import { isWell, parseNodeStatus, statusText } from "../../tools/cli/status-text";

const node = { name: "box", roles: { caddy: {}, packages: {} } } as unknown as NodePlan;
const report = {
    roles: { caddy: { result: "applied", applied: "x" }, packages: { result: "applied", applied: "x" } },
    units: { "caddy.service": { running: true, enabled: true, failed: false } },
    disk: { free: 50e9, total: 100e9 },
    memory: { available: 2 ** 30, total: 2 ** 31 },
    uptime: 7300,
    os: { name: "debian-13" },
    temperature: 48.3,
    clock: { synchronized: false },
};
const answer = (change: object = {}): ReturnType<typeof parseNodeStatus> =>
    parseNodeStatus(node, "answers in 0.1 s", {
        code: 0,
        stdout: JSON.stringify({ ...report, ...change }),
        stderr: "",
    });

test("a node that is as it should be", () => {
    const status = answer();
    expect(isWell(status)).toBe(true);
    expect(statusText([status])).toBe(
        "  box  ok  answers in 0.1 s; 2 roles, debian-13, up 2 h, 48 °C, clock not synchronized, disk 50.0 GB free, memory 1.0 GiB of 2.0 GiB free",
    );
});

test.each([
    [{ roles: { caddy: report.roles.caddy } }, "not applied: packages (run `./fleet up`)"],
    [{ roles: { ...report.roles, caddy: { result: "was cut off", applied: null } } }, "caddy: was cut off"],
    [
        { claims: { wrong: { npu: "nothing is on PCIe" }, accepted: {}, stale: [] } },
        "not what the inventory says: nothing is on PCIe",
    ],
    [
        { firewall: ["nft: Error: No such file or directory"] },
        "its firewall is not in force (nft: Error: No such file or directory). On the machine: sudo systemctl restart sovereign-edge-firewall.service",
    ],
    [{ units: { "caddy.service": { running: false, enabled: true, failed: true } } }, "caddy.service has failed"],
])("%j needs attention and is named", (change, words) => {
    const status = answer(change);
    expect(isWell(status)).toBe(false);
    expect(statusText([status])).toContain(`  box: ${words}`);
});

test.each([
    ["2026-11-21T11:00:00Z", "its clock is 60 min behind the one here"],
    ["2026-11-21T13:00:00Z", "its clock is 60 min ahead of the one here"],
])("a clock that says %s at noon is named", (time, words) => {
    const noon = Date.parse("2026-11-21T12:00:00Z") / 1000;
    const asked = (said: string): ReturnType<typeof parseNodeStatus> =>
        parseNodeStatus(
            node,
            "answers",
            { code: 0, stdout: JSON.stringify({ ...report, time: said }), stderr: "" },
            noon,
        );
    expect(isWell(asked(time))).toBe(false);
    expect(statusText([asked(time)])).toContain(`  box: ${words}: certificates, signatures and apt go by it.`);
    expect(isWell(asked("2026-11-21T11:59:30Z"))).toBe(true);
});

test.each([
    [
        { code: 255, stdout: "", stderr: "admin@192.0.2.1: Permission denied (publickey).\n" },
        "refuses the agent's keys",
    ],
    [
        { code: 2, stdout: "", stderr: "python3: can't open file '/x': [Errno 2] No such file or directory\n" },
        "nothing was applied to it yet",
    ],
    [{ code: 137, stdout: "", stderr: "" }, "did not say how it is in time"],
    [{ code: 1, stdout: "", stderr: "sudo: a password is required\n" }, "sudo: a password is required"],
    [{ code: 0, stdout: "hello", stderr: "" }, "its answer cannot be read"],
])("an answer like %j is put into words", (finished, words) => {
    const status = parseNodeStatus(node, "answers in 0.1 s", finished);
    expect(isWell(status)).toBe(false);
    expect(statusText([status])).toContain(words);
});

test.each([
    [{ throttled: { now: ["throttled"], sinceBoot: ["throttled"] } }, "slowed down now: throttled"],
    [{ throttled: { now: [], sinceBoot: ["under-voltage"] } }, "was slowed down since its start: under-voltage"],
    [{ disk: { free: 5e9, total: 100e9 } }, "its disk is 95 % full"],
    [{ claims: { wrong: {}, accepted: { os: "it runs debian-12" }, stale: [] } }, "accepted: it runs debian-12"],
    [
        { claims: { wrong: {}, accepted: {}, stale: ["SE129 nodes.box.os"] } },
        "what SE129 nodes.box.os accepts is not the case any more: delete it under accept:",
    ],
])("%j is said, and is no failure", (change, words) => {
    const status = answer(change);
    expect(isWell(status)).toBe(true);
    expect(statusText([status])).toContain(`  box: ${words}`);
});

test("machines that have one name or one identity between them", () => {
    const named = { ...report, hostname: "crate.lan", machineId: "1" };
    const notes = mixUps({ box: named, crate: named, shed: { ...named, hostname: "shed", machineId: "2" } });
    expect(notes["box"]).toEqual([
        "it calls itself crate, which is another node: `hostnamectl set-hostname box`",
        expect.stringContaining("it has the machine id of crate"),
    ]);
    expect(notes["crate"]).toEqual([expect.stringContaining("it has the machine id of box")]);
    expect(notes["shed"]).toEqual([]);
});

test.each([
    [5, "5 s"],
    [119.6, "120 s"],
    [120, "2 min"],
    [7200, "2 h"],
    [172_800, "2 days"],
])("an age of %d s is %s", (seconds, words) => {
    expect(formatAge(seconds)).toBe(words);
});
