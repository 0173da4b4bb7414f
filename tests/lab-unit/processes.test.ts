import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../lab/lock";
import { ageInSeconds, end, identify, isAlive, signal } from "../../lab/processes";

const linux = process.platform === "linux" ? describe : describe.skip;

linux("processes", () => {
    test("a process is known by number and start, so that a later one of its number is another", () => {
        const self = identify(process.pid)!;
        expect(isAlive(self)).toBe(true);
        expect(isAlive({ ...self, started: "1" })).toBe(false);
        expect(isAlive(undefined)).toBe(false);
    });

    test("age is in seconds", () => {
        const [first, self] = [ageInSeconds(identify(1)!), ageInSeconds(identify(process.pid)!)];
        expect(self).toBeGreaterThan(0);
        expect(self).toBeLessThan(600);
        expect(first).toBeGreaterThan(self);
    });

    test("one that ignores the polite signal is ended all the same", async () => {
        const child = spawn("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]);
        await new Promise((ready) => child.stdout.once("data", ready));
        const id = identify(child.pid!)!;
        end(id, 300);
        expect(isAlive(id)).toBe(false);
        end(id, 300);
        signal(id.pid, 0);
    });
});

linux("the lock", () => {
    const lockFile = (): string => join(mkdtempSync(join(tmpdir(), "lab-lock-")), "lock");

    test("is free again afterwards, also after an error", async () => {
        const path = lockFile();
        await expect(withLock(path, "", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
        expect(existsSync(path)).toBe(false);
        await expect(withLock(path, "", () => readFileSync(path, "utf8"))).resolves.toContain(String(process.pid));
    });

    test("of a process that died is taken over", async () => {
        const path = lockFile();
        writeFileSync(path, JSON.stringify({ pid: process.pid, started: "1" }));
        await expect(withLock(path, "", () => 7)).resolves.toBe(7);
    });
});
