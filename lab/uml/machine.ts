import { randomBytes } from "node:crypto";
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    rmSync,
    statfsSync,
    writeFileSync,
} from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { artifactFile } from "../artifacts";
import { startDetached } from "../daemon";
import { ensureSshKey } from "../identity";
import { isAlive } from "../processes";
import { ask, waitFor } from "../shell";
import { changesOf, consoleOf, isOn, kernelOf } from "./handle";
import type { UmlMachine } from "./handle";
import { baseOfChanges, baseOfSize, copySparse, writeIdentity } from "./disk";
import { IMAGE_MEGABYTES, addressOf, cableOf, identityFiles, kernelArguments, plugCommands } from "./plan";
import type { MachineOptions } from "./plan";
import { killGroup, whileStill } from "./power";
import { inRig, ip, operatorKeyOf } from "./rig";
import type { Rig } from "./rig";
import { closeConnection, exec, waitForSsh } from "./ssh";

const SHUTDOWN_SECONDS = 60;
const MEGABYTES = 512;

/**
 * Makes a machine; `boot` gives it power. Up to 200 in a rig, each with a name of its own.
 * @throws Error when the image has not been built.
 */
export function makeMachine(rig: Rig, name: string, options: MachineOptions = {}): UmlMachine {
    const folder = join(rig.folder, name);
    const number = readdirSync(rig.folder).filter((entry) =>
        existsSync(join(rig.folder, entry, "identity.tar")),
    ).length;
    mkdirSync(folder);
    if (options.from !== undefined) copySparse(options.from, join(folder, "disk.cow"));
    const hostKey = join(folder, "host_key");
    if (options.hostKey === undefined) ensureSshKey(hostKey, `root@${name}`);
    else for (const half of ["", ".pub"]) copyFileSync(options.hostKey + half, hostKey + half);
    const hostPublic = readFileSync(`${hostKey}.pub`, "utf8");
    const address = addressOf(number);
    writeFileSync(join(folder, "known_hosts"), `${address} ${hostPublic.split(" ").slice(0, 2).join(" ")}\n`);
    const keys = {
        host: readFileSync(hostKey, "utf8"),
        hostPublic,
        operator: readFileSync(`${operatorKeyOf(rig)}.pub`, "utf8"),
    };
    const id = options.id ?? randomBytes(16).toString("hex");
    const identity = writeIdentity(folder, identityFiles({ name, number, id }, keys));
    const base =
        options.from === undefined
            ? baseOfSize(options.disk ?? IMAGE_MEGABYTES, rig.folder)
            : baseOfChanges(options.from);
    return { rig, name, number, address, folder, memory: options.memory ?? MEGABYTES, base, identity, id };
}

/** The machine's memory is a file that nobody sees. It lies in /dev/shm if there is room. */
function memoryFolder(megabytes: number): string {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize > megabytes * 1024 * 1024 ? "/dev/shm" : "/tmp";
}

function plug(machine: UmlMachine): void {
    ask(inRig(machine.rig, ["ip", "link", "delete", cableOf(machine.number)]));
    ip(machine.rig, plugCommands(machine.number));
}

/** Gives a machine power and does not wait for it. */
export function start(machine: UmlMachine): void {
    const { folder, number, memory, rig } = machine;
    if (isOn(machine)) throw new Error(`${machine.name} is on already.`);
    plug(machine);
    rmSync(join(folder, machine.name), { recursive: true, force: true });
    // A program of the machine and its kernel take turns: on one processor they need not wake another up, which is a quarter of the boot.
    const processor = String(number % cpus().length);
    const placed = ["env", `--chdir=${folder}`, `TMPDIR=${memoryFolder(memory)}`, "taskset", "--cpu-list", processor];
    const modules = artifactFile("uml-kernel", "modules");
    const kernel = [artifactFile("uml-kernel", "linux"), ...kernelArguments({ ...machine, modules })];
    const argv = inRig(rig, [...placed, ...kernel]);
    writeFileSync(join(folder, "process.json"), JSON.stringify(startDetached(argv, consoleOf(machine))));
}

/**
 * Gives a machine power, on the disk as it is; resolves when its sshd answers.
 * @throws Error with the end of its console when it does not.
 */
export async function boot(machine: UmlMachine): Promise<void> {
    start(machine);
    await waitForSsh(machine);
}

/**
 * Takes the power away: SIGKILL for every process of this machine. What its kernel had not written to the disk yet is lost; connections stay
 * half open. Resolves at once; it is off then.
 */
export function cut(machine: UmlMachine): void {
    const kernel = kernelOf(machine);
    if (kernel !== undefined) killGroup(kernel);
    closeConnection(machine);
}

/**
 * Shuts a machine down in order.
 * @throws Error when it has not ended within a minute.
 */
export async function shutDown(machine: UmlMachine): Promise<void> {
    // The connection dies with the machine, and with it the exit code.
    await exec(machine, "sudo systemctl --no-block poweroff", { check: false });
    waitFor(
        () => !isOn(machine),
        SHUTDOWN_SECONDS,
        () => `${machine.name} does not shut down; its console: ${consoleOf(machine)}`,
    );
    cut(machine);
}

/**
 * Keeps a machine's disk as it is: for `from` of another machine, or of the same one later. Of a machine that is on, this is the disk that a cut
 * at this moment would leave.
 * @param path file to make; beside the rig's folder it outlives the rig
 */
export function snapshot(machine: UmlMachine, path: string): void {
    const copy = (): void => {
        copySparse(changesOf(machine), path);
    };
    const kernel = kernelOf(machine);
    if (kernel !== undefined && isAlive(kernel)) whileStill(kernel, copy);
    else copy();
}

/**
 * Puts a kept disk into a machine in the place of its own.
 * @throws Error when the machine is on.
 */
export function restore(machine: UmlMachine, path: string): void {
    if (isOn(machine)) throw new Error(`${machine.name} is on: cut it or shut it down before its disk is changed.`);
    copySparse(path, changesOf(machine));
}

/** Makes the machine's disk read-only, as the kernel does by itself when a disk fails. A start makes it writable again. */
export async function remountReadOnly(machine: UmlMachine): Promise<void> {
    await exec(machine, "echo u | sudo tee /proc/sysrq-trigger && until grep -q ' / ext4 ro' /proc/mounts; do :; done");
}
