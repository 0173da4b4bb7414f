import { readFileSync } from "node:fs";
import { cgroupOf, processesIn } from "../../../lab/cgroup";

const GIB_IN_KB = 1024 * 1024;

/** A line's number in a file of the kernel's. */
function numberIn(file: string, name: string): number {
    return Number(new RegExp(`^${name}:?\\s+(\\d+)`, "m").exec(readFileSync(file, "utf8"))?.[1] ?? 0);
}

/** GiB that this computer could not give away: everything but MemAvailable (proc_meminfo(5)). */
export function inUse(): number {
    return (numberIn("/proc/meminfo", "MemTotal") - numberIn("/proc/meminfo", "MemAvailable")) / GIB_IN_KB;
}

/** Processes that this kernel has killed for want of memory. */
export const killed = (): number => numberIn("/proc/vmstat", "oom_kill");

/** KB of a process, its share of what it has in common with others; 0 when it has ended. */
function shareOf(pid: number): number {
    try {
        return numberIn(`/proc/${pid}/smaps_rollup`, "Pss");
    } catch {
        return 0;
    }
}

/** GiB that the processes of machines of the lab hold. */
export function heldBy(machines: readonly string[]): number {
    const pids = machines.flatMap((machine) => processesIn(cgroupOf(machine)));
    return pids.reduce((sum, pid) => sum + shareOf(pid), 0) / GIB_IN_KB;
}

/** Most that was in use on this computer, looked at every half second until it is stopped. */
export class Watch {
    private most = inUse();
    private readonly timer = setInterval(() => {
        this.look();
    }, 500);

    private look(): void {
        this.most = Math.max(this.most, inUse());
    }

    /** GiB, at most, so far. */
    get peak(): number {
        this.look();
        return this.most;
    }

    stop(): void {
        clearInterval(this.timer);
    }
}
