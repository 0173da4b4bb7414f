import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "./errors";
import { identify, isAlive } from "./processes";
import type { ProcessId } from "./processes";
import { pause } from "./shell";

const PATIENCE_MS = 30 * 60_000;

function holder(path: string): ProcessId | undefined {
    try {
        return JSON.parse(readFileSync(path, "utf8")) as ProcessId;
    } catch {
        return undefined;
    }
}

function tryTake(path: string): boolean {
    mkdirSync(dirname(path), { recursive: true });
    try {
        writeFileSync(path, JSON.stringify(identify(process.pid)), { flag: "wx" });
        return true;
    } catch (error) {
        if (!hasCode(error, "EEXIST")) throw error;
        return false;
    }
}

function take(path: string, reason: string): void {
    const deadline = Date.now() + PATIENCE_MS;
    let told = false;
    while (!tryTake(path)) {
        const other = holder(path);
        if (other !== undefined && !isAlive(other)) rmSync(path, { force: true });
        else if (Date.now() > deadline)
            throw new Error(`Gave up waiting: ${reason} (process ${other?.pid ?? "unknown"}, lock ${path}).`);
        else if (!told) {
            console.error(`Waiting: ${reason} (process ${other?.pid ?? "unknown"}).`);
            told = true;
        }
        pause(100);
    }
}

/**
 * Runs `action` while no other process holds the lock file `path`; a lock whose holder has died is taken over.
 * @throws Error when the lock was not free within half an hour.
 */
export async function withLock<T>(path: string, reason: string, action: () => T | Promise<T>): Promise<T> {
    take(path, reason);
    const release = (): void => {
        rmSync(path, { force: true });
    };
    process.once("exit", release);
    try {
        return await action();
    } finally {
        release();
        process.removeListener("exit", release);
    }
}
