import { readFileSync, readdirSync, statSync } from "node:fs";
import { hasCode } from "./errors";
import { pause } from "./shell";

/** A process that cannot be mistaken for a later one of the same number. */
export interface ProcessId {
    readonly pid: number;
    /** Start time in clock ticks since boot (field 22 of /proc/PID/stat). */
    readonly started: string;
}

const STATE_FIELD = 0;
const START_FIELD = 19;

/** Fields of /proc/PID/stat after the command's name; empty when the process is gone. */
function statFields(pid: number): string[] {
    try {
        const text = readFileSync(`/proc/${pid}/stat`, "utf8");
        return text.slice(text.lastIndexOf(")") + 2).split(" ");
    } catch {
        return [];
    }
}

/** Identity of a running process; undefined when there is none of that number, or only its remains (a zombie). */
export function identify(pid: number): ProcessId | undefined {
    const fields = statFields(pid);
    const started = fields[START_FIELD];
    return started === undefined || fields[STATE_FIELD] === "Z" ? undefined : { pid, started };
}

/** Whether this very process still runs. */
export function isAlive(process: ProcessId | undefined): boolean {
    return process !== undefined && identify(process.pid)?.started === process.started;
}

/** Seconds since a process started. */
export function ageInSeconds({ started }: ProcessId): number {
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return Math.max(0, uptime - Number(started) / 100);
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals | number): void {
    try {
        process.kill(pid, name);
    } catch (error) {
        if (!hasCode(error, "ESRCH")) throw error;
    }
}

/** Ends a process: politely, and after `patience` milliseconds by force. */
export function end(target: ProcessId, patience = 3000): void {
    if (!isAlive(target)) return;
    signal(target.pid, "SIGTERM");
    const deadline = Date.now() + patience;
    while (isAlive(target) && Date.now() < deadline) pause(20);
    if (isAlive(target)) signal(target.pid, "SIGKILL");
    while (isAlive(target) && Date.now() < deadline + 2000) pause(10);
}

/** Numbers of all processes whose network namespace is one of these inodes. */
export function inNetworkNamespaces(inodes: ReadonlySet<number>): number[] {
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map(Number)
        .filter((pid) => {
            try {
                return inodes.has(statSync(`/proc/${pid}/ns/net`).ino);
            } catch {
                return false;
            }
        });
}
