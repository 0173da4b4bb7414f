import type { NodePlan } from "../../components/fleet/plan";
import { isWell, parseNodeStatus, statusText } from "../../tools/cli/status-text";

const node = { name: "box", roles: { caddy: {}, packages: {} } } as unknown as NodePlan;
const report = {
    roles: { caddy: { result: "applied", applied: "x" }, packages: { result: "applied", applied: "x" } },
    units: { "caddy.service": { running: true, enabled: true, failed: false } },
    wireguard: { a: 12, b: null, c: 900 },
    disk: { free: 50e9, total: 100e9 },
    memory: { available: 2 ** 30, total: 2 ** 31 },
    uptime: 60,
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
        "  box  ok  answers in 0.1 s; 2 roles, 1 of 3 tunnels alive, disk 50.0 GB free, memory 1.0 GiB of 2.0 GiB free",
    );
});

test.each([
    [{ roles: { caddy: report.roles.caddy } }, "not applied: packages (run `./fleet up`)"],
    [{ roles: { ...report.roles, caddy: { result: "was cut off", applied: null } } }, "caddy: was cut off"],
    [{ units: { "caddy.service": { running: false, enabled: true, failed: true } } }, "caddy.service has failed"],
])("%j needs attention and is named", (change, words) => {
    const status = answer(change);
    expect(isWell(status)).toBe(false);
    expect(statusText([status])).toContain(`  box: ${words}`);
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
