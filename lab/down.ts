import { existsSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { removeLabGroups } from "./cgroup";
import { stopServices } from "./daemon";
import { cut } from "./machine";
import { labNamespaces, namespaceInode, removeNetwork } from "./network";
import { owner, refuseIfForeign } from "./owner";
import { AUTHORIZED_KEYS, DISKS, KNOWN_HOSTS, RUN, machineRun } from "./paths";
import { everyMachine } from "./roster";
import { identify, inNetworkNamespaces, signal } from "./processes";
import { step, waitFor } from "./shell";

/** Folders that the lab makes; others keep their notes beside them. */
const OURS = ["machines", "operator", "ca", "log"];

/** Kills whatever still runs in one of the lab's network namespaces: an operator's command, a left-over of a machine. */
function killStrays(): void {
    const inodes = new Set(
        labNamespaces()
            .map(namespaceInode)
            .filter((inode) => inode !== undefined),
    );
    const strays = (): number[] =>
        inNetworkNamespaces(inodes).filter((pid) => pid !== process.pid && identify(pid) !== undefined);
    for (const pid of strays()) signal(pid, "SIGKILL");
    waitFor(
        () => strays().length === 0,
        10,
        () => `Processes ${strays().join(", ")} in the lab's namespaces do not end`,
    );
}

/** Stops every machine and every service; disks and the network stay. */
export function stopAll(): void {
    // First who would switch machines on.
    stopServices();
    for (const machine of everyMachine()) {
        cut(machine);
        rmSync(machineRun(machine.name), { recursive: true, force: true });
    }
    killStrays();
    removeLabGroups();
}

/**
 * Takes the lab down and removes all that `up` made, the machines' disks included.
 * @param orphan also when the lab belongs to another clone that no longer exists
 * @throws Error when another clone has the lab.
 */
export function down(orphan: boolean): void {
    const current = owner();
    if (!(orphan && current !== undefined && !existsSync(current.clone))) refuseIfForeign();
    if (current !== undefined) {
        step("machines and services", stopAll);
        step("network", () => {
            removeNetwork(current.namespacesMounted);
        });
        rmSync(RUN, { recursive: true, force: true });
    }
    step("disks", () => {
        for (const part of OURS) rmSync(join(DISKS, part), { recursive: true, force: true });
        if (existsSync(DISKS) && readdirSync(DISKS).length === 0) rmdirSync(DISKS);
        rmSync(KNOWN_HOSTS, { force: true });
        rmSync(AUTHORIZED_KEYS, { force: true });
    });
}
