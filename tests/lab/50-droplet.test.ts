import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { clearCloudFaults, setCloudFault } from "../../lab/cloud/control";
import { made, small, withVega, writes } from "./program/cloud";
import { fleet, must, note, on, pulumi, root } from "./support";

jest.setTimeout(900_000);

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    await withVega(small, "", async () => {
        await fleet("pin");
    });
});
afterAll(async () => {
    await clearCloudFaults();
});

test("an answer lost after the droplet was made, too many requests and an address that cannot be assigned: one machine, one message", async () => {
    await setCloudFault({ kind: "fail-after", on: "POST /v2/droplets" });
    await setCloudFault({ kind: "limit", on: "POST /v2/projects/*/resources", seconds: 1 });
    await setCloudFault({ kind: "unassignable" });
    await withVega(small, "", async () => {
        const before = writes().length;
        const first = await fleet("up");
        note("50-first.txt", first.text);
        expect(first.code).not.toBe(0);
        expect(first.text).toMatch(/address of vega leads to it: assign the reserved address \S+ to the droplet \d+: /);
        expect(first.text).toMatch(/alice +(ok|changed)/);
        expect(made(writes().slice(before))).toBe(1);
        const second = await fleet("up");
        note("50-second.txt", second.text);
        expect(second.text).toMatch(/vega +changed/);
        expect(second.code).toBe(0);
        expect(made(writes().slice(before))).toBe(1);
        console.log(`a droplet from nothing: ${(first.seconds + second.seconds).toFixed(0)} s in two runs`);
    });
});

test("on an untouched fleet the next up changes nothing, and a refresh shows nothing", async () => {
    await withVega(small, "", async () => {
        const before = writes().length;
        const again = await fleet("up");
        expect(again.text).toContain("vega      ok");
        expect(again.text).toContain("All well. 0 changed");
        const refreshed = await pulumi(
            "refresh",
            "--yes",
            "--skip-preview",
            "--non-interactive",
            "--expect-no-changes",
        );
        note("50-refresh.txt", refreshed.text);
        expect(refreshed.code).toBe(0);
        const preview = await pulumi("preview", "--non-interactive", "--expect-no-changes");
        expect(preview.code).toBe(0);
        expect(writes().slice(before)).toEqual([]);
    });
});

test("the private host key is nowhere but on the machine and, encrypted, in the state", async () => {
    const { stdout } = await on(
        "vega",
        "sh",
        "-c",
        "sed -n 2p /etc/ssh/ssh_host_ed25519_key; sed -n 4p /etc/ssh/ssh_host_ed25519_key",
    );
    for (const canary of stdout.trim().split("\n")) {
        expect(canary.length).toBeGreaterThan(20);
        const places = [
            ".state/.pulumi/stacks/sovereign-edge/dev.json",
            ".lab/log/cloud.journal",
            ".lab/log/cloud.log",
        ];
        for (const place of places) expect(readFileSync(resolve(root, place), "utf8")).not.toContain(canary);
        for (const text of ["50-first.txt", "50-second.txt", "50-refresh.txt"]) {
            expect(readFileSync(resolve(root, ".lab/test", text), "utf8")).not.toContain(canary);
        }
    }
});

test("a droplet leaves: it is cleaned, and given back with its block", async () => {
    await withVega(small, ", leaving: true", async () => {
        const left = await fleet("up");
        note("50-left.txt", left.text);
        expect(left.text).toMatch(/vega +left/);
    });
    const before = writes().length;
    const gone = await fleet("up");
    note("50-gone.txt", gone.text);
    expect(gone.code).toBe(0);
    expect(
        writes()
            .slice(before)
            .filter((call) => call.startsWith("DELETE /v2/droplets/")),
    ).toHaveLength(1);
    expect(gone.text).not.toContain("that the state does not know");
});
