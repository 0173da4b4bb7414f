import { readFileSync, readdirSync } from "node:fs";
import { isAlive, signal } from "../processes";
import type { ProcessId } from "../processes";
import { waitFor } from "../shell";

const DEATH_SECONDS = 10;
/** File name of the kernel. */
const PROGRAM = "linux";

/** A process as /proc/PID/stat describes it. */
interface Member {
    readonly pid: number;
    readonly name: string;
    readonly state: string;
    readonly group: number;
}

function describe(pid: number): Member | undefined {
    try {
        const text = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state = "", , group = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
        return { pid, state, group: Number(group), name: text.slice(text.indexOf("(") + 1, text.lastIndexOf(")")) };
    } catch {
        return undefined;
    }
}

/**
 * All living processes of a machine: its kernel is one process, each of its programs another, and they share a process group that the kernel
 * leads. One that the group's number has come to since then is none of them.
 */
export function membersOf(leader: ProcessId): Member[] {
    const own = isAlive(leader);
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map((entry) => describe(Number(entry)))
        .filter((member) => member !== undefined)
        .filter(({ group, state, name }) => group === leader.pid && state !== "Z" && (own || name === PROGRAM));
}

/** Kills a machine's processes at once, with no goodbye, and waits until none is left. */
export function killGroup(leader: ProcessId): void {
    // First of all, and for all at once; only an orphaned group has to be looked through.
    if (isAlive(leader)) signal(-leader.pid, "SIGKILL");
    const gone = (): boolean => {
        const left = membersOf(leader);
        for (const { pid } of left) signal(pid, "SIGKILL");
        return left.length === 0;
    };
    waitFor(gone, DEATH_SECONDS, () => `Processes of group ${leader.pid} do not end`);
}

function isTraced(pid: number): boolean {
    return !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/**
 * Runs `action` while a machine stands still. Only the kernel's own processes are stopped: those of its programs run when it lets them, and a
 * signal to them would arrive at the kernel as theirs.
 */
export function whileStill<T>(leader: ProcessId, action: () => T): T {
    const kernel = membersOf(leader)
        .map(({ pid }) => pid)
        .filter((pid) => !isTraced(pid));
    try {
        for (const pid of kernel) signal(pid, "SIGSTOP");
        const still = (): boolean => kernel.every((pid) => ["T", undefined].includes(describe(pid)?.state));
        waitFor(still, DEATH_SECONDS, () => `Processes of group ${leader.pid} do not stop`);
        return action();
    } finally {
        for (const pid of kernel) signal(pid, "SIGCONT");
    }
}
