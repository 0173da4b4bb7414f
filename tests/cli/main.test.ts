import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { cleanUp, makeRoot } from "./support";

afterEach(cleanUp);

const fleet = resolve(__dirname, "../../fleet");
/** Runs the launcher from a directory that is not the clone. */
function run(...args: string[]): { code: number | null; stdout: string; stderr: string } {
    const env = { ...process.env, FLEET_STACK: "" };
    const { status, stdout, stderr } = spawnSync(fleet, args, { cwd: makeRoot({}), env, encoding: "utf8" });
    return { code: status, stdout, stderr };
}

test("help from any directory, on standard output", () => {
    const { code, stdout } = run("help");
    expect([code, stdout]).toEqual([0, expect.stringContaining("add NODE ADDRESS")]);
    expect(run("help", "pin").stdout).toContain("--accept-changed");
    expect(run("pin", "--help").stdout).toBe(run("help", "pin").stdout);
});

test("without a verb: help, as a refusal", () => {
    const { code, stdout, stderr } = run();
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining("./fleet [-s STACK]")]);
});

test("what is refused exits with 2, in one line, and as JSON when that was asked for", () => {
    expect(run("chek")).toEqual({
        code: 2,
        stdout: "",
        stderr: 'fleet: There is no verb "chek". Did you mean "check"?\n',
    });
    expect(run("help", "chek").code).toBe(2);
    const { code, stdout } = run("-s", "nowhere", "check", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([
        2,
        { ok: false, error: expect.stringContaining("./fleet init nowhere") as string },
    ]);
});

test("check of dev names the fleet and its nodes first, and keeps words and JSON apart", () => {
    const { stdout } = run("-s", "dev", "check");
    expect(stdout.split("\n")[0]).toBe("Fleet dev: alice, cecilia, gematria");
    expect(stdout).toContain("  gematria  s-1vcpu-1gb");
    expect(stdout).toContain(
        "  gematria  anchor, base, caddy, firewall, packages, pdns, sshd, wireguard,\n      zone-dev.example\n",
    );
    const json = run("-s", "dev", "check", "--json");
    expect(json.stderr).toContain("Fleet dev:");
    expect(JSON.parse(json.stdout)).toMatchObject({ stack: "dev", nodes: { alice: { address: "192.168.8.11" } } });
});
