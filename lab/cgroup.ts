import { existsSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const HYBRID = "/sys/fs/cgroup/unified";
/** All of the lab's control groups lie under this one. */
const LAB = join(existsSync(HYBRID) ? HYBRID : "/sys/fs/cgroup", "sovereign-edge-lab");

/** Control group of a machine: without one of its own, two machines' `system.slice` would be the same and each would stop the other's services. */
export function cgroupOf(machine: string): string {
    return join(LAB, machine);
}

function subgroups(group: string): string[] {
    if (!existsSync(group)) return [];
    return readdirSync(group, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(group, entry.name));
}

/** Numbers of all processes in a group and below. */
export function processesIn(group: string): number[] {
    if (!existsSync(group)) return [];
    const own = readFileSync(join(group, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    return [...own, ...subgroups(group).flatMap(processesIn)];
}

/**
 * Whether a process of the group, or of one below, still lives: dying ones count, which cgroup.procs no longer lists and which keep the group
 * from being removed (cgroup-v2.rst, "populated").
 */
export function isPopulated(group: string): boolean {
    const events = join(group, "cgroup.events");
    return existsSync(events) && /^populated 1$/m.test(readFileSync(events, "utf8"));
}

/** The machine's first process (its systemd), as the host numbers it; undefined before it has started. */
export function initOf(machine: string): number | undefined {
    return processesIn(join(cgroupOf(machine), "payload", "init.scope"))[0];
}

/** Kills everything in a machine's group at once, with no goodbye. */
export function killGroup(machine: string): void {
    const handle = join(cgroupOf(machine), "cgroup.kill");
    if (existsSync(handle)) writeFileSync(handle, "1");
}

/** Removes a group that has no processes left, and all below. */
export function removeGroup(group: string): void {
    for (const child of subgroups(group)) removeGroup(child);
    if (existsSync(group)) rmdirSync(group);
}

/** Removes the groups of all machines. */
export function removeLabGroups(): void {
    removeGroup(LAB);
}
