import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { Failure } from "./failure";
import { pulumi, requireStack, statePath } from "./pulumi";

/** @throws Failure when there is no such stack, or somebody else is working on it */
export function requireFreeStack(root: string, stack: string): void {
    requireStack(root, stack);
    const lock = engineLock(root, stack);
    if (lock !== undefined) throw new Failure(lockWords(stack, lock));
}

interface LockFile {
    readonly pid: number;
    readonly username: string;
    readonly hostname: string;
    readonly timestamp: string;
}

/** The engine's lock on a stack: who holds it, and whether that run goes on, is gone, or cannot be seen from here. */
export interface EngineLock {
    readonly who: string;
    readonly run: "here" | "gone" | "elsewhere";
}

/** The engine's lock on the stack; nothing when it is free. */
export function engineLock(root: string, stack: string): EngineLock | undefined {
    const directory = statePath(root, "locks", stack);
    const [file] = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith(".json")) : [];
    if (file === undefined) return undefined;
    const lock = readLock(resolve(directory, file));
    if (lock === undefined) return { who: `somebody (the note ${file} is not whole)`, run: "gone" };
    const who = `${lock.username}@${lock.hostname} (process ${lock.pid}, since ${lock.timestamp.slice(0, 19)})`;
    if (lock.hostname !== hostname()) return { who, run: "elsewhere" };
    return { who, run: isAlive(lock.pid) ? "here" : "gone" };
}

/** Who holds a lock; nothing when the engine was killed while it wrote that down. */
function readLock(path: string): LockFile | undefined {
    try {
        return JSON.parse(readFileSync(path, "utf8")) as LockFile;
    } catch (error) {
        if (error instanceof SyntaxError) return undefined;
        throw error;
    }
}

/** A lock in words, with what to do. */
export function lockWords(stack: string, { who, run: state }: EngineLock): string {
    const unlock = `\`./fleet -s ${stack} unlock\``;
    switch (state) {
        case "gone":
            return `The stack ${stack} is still locked by a run that is gone: ${who}. Free it with ${unlock}.`;
        case "here":
            return `Another run is at work on ${stack}: ${who}. Wait until it has ended.`;
        case "elsewhere":
            return `Another run is at work on ${stack}: ${who}. Wait until it has ended; if that computer went away in the middle, ${unlock}.`;
    }
}

/**
 * Frees the stack from a run that is gone; gives who that was, or nothing when it was free.
 * @throws Failure when the run may go on
 */
export async function freeFromGone(root: string, stack: string): Promise<string | undefined> {
    const lock = engineLock(root, stack);
    if (lock === undefined) return undefined;
    if (lock.run !== "gone") throw new Failure(lockWords(stack, lock));
    await takeLockAway(root, stack);
    return lock.who;
}

/** Takes the engine's lock on the stack away, whoever holds it. @throws Failure when the engine does not */
export async function takeLockAway(root: string, stack: string): Promise<void> {
    const { code, stderr } = await pulumi(root, stack, ["cancel", "--yes"]);
    if (code !== 0) throw new Failure(`The lock could not be taken away: ${stderr.trim()}`);
}

function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}
