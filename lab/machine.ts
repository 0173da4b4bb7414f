import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupOf, initOf, isPopulated, killGroup, processesIn, removeGroup } from "./cgroup";
import { startDetached } from "./daemon";
import { ensureDisk } from "./disk";
import { plugMachine, unplugMachine } from "./network";
import { LOGS, machineDirectory, machineRun } from "./paths";
import { bridgeOf, namespaceOf } from "./plan";
import { machineNamed } from "./roster";
import type { Machine } from "./plan";
import { ageInSeconds, identify, isAlive, signal } from "./processes";
import type { ProcessId } from "./processes";
import { ask, inNamespace, waitFor } from "./shell";

const BOOT_SECONDS = 60;
const SHUTDOWN_SECONDS = 60;
/** systemd's signals for an orderly power off (SIGRTMIN+4). */
const POWER_OFF = 38;

/** What a machine does at the moment. */
export type Power = "on" | "off" | "frozen";

/** One line of `list`. */
export interface MachineState {
    readonly name: string;
    readonly address: string;
    readonly state: Power;
    /** Seconds since it was started; absent when off. */
    readonly uptime?: number;
}

function supervisorOf(name: string): ProcessId | undefined {
    const record = join(machineRun(name), "process.json");
    return existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as ProcessId) : undefined;
}

/** Record of everything that a machine printed on its console. */
export function consoleOf(name: string): string {
    return join(LOGS, `${name}.console`);
}

/** Whether the machine has power. */
export function isOn(name: string): boolean {
    return isAlive(supervisorOf(name));
}

/** Whether somebody switched the machine off, from outside or from inside; otherwise a machine that is not on has died. */
export function isOffOnPurpose(name: string): boolean {
    return existsSync(join(machineRun(name), "off"));
}

/** State of a machine. */
export function stateOf(machine: Machine): MachineState {
    const { name, address } = machine;
    const supervisor = supervisorOf(name);
    if (supervisor === undefined || !isAlive(supervisor)) return { name, address, state: "off" };
    const state = existsSync(join(machineRun(name), "frozen")) ? "frozen" : "on";
    const init = initOf(name);
    return {
        name,
        address,
        state,
        uptime: ageInSeconds((init === undefined ? undefined : identify(init)) ?? supervisor),
    };
}

/** Ends everything that is left of a machine. Two starts over one disk would spoil it. */
function killRemains(name: string): void {
    killGroup(name);
    const gone = (): boolean => !isOn(name) && !isPopulated(cgroupOf(name));
    waitFor(gone, 10, () => `Processes of ${name} do not end`);
    removeGroup(cgroupOf(name));
    rmSync(`/run/systemd/nspawn/propagate/${name}`, { recursive: true, force: true });
}

/** Starts a machine without waiting for it. */
export function start(machine: Machine): void {
    const { name } = machine;
    const disk = ensureDisk(machine);
    killRemains(name);
    for (const directory of [machineRun(name), cgroupOf(name)]) mkdirSync(directory, { recursive: true });
    plugMachine(machine);
    for (const flag of ["off", "frozen"]) rmSync(join(machineRun(name), flag), { force: true });
    const script = join(__dirname, "supervise.sh");
    const supply = [name, namespaceOf(name), disk.base, machineDirectory(name), machineRun(name), cgroupOf(name)];
    // Its own mounts: the host sees none of them, and they end with it.
    const argv = ["unshare", "--mount", "--propagation", "private", "sh", script, ...supply];
    writeFileSync(join(machineRun(name), "process.json"), JSON.stringify(startDetached(argv, consoleOf(name))));
}

/** Waits until a machine's sshd answers with a host key, as seen from its own segment. */
export function waitUntilReady(machine: Machine): void {
    // A droplet is asked from inside: its provider's firewall may let nobody else in.
    const place = machine.droplet === undefined ? bridgeOf(machine.segment) : namespaceOf(machine.name);
    const probe = inNamespace(place, ["ssh-keyscan", "-T", "1", "-t", "ed25519", machine.address]);
    const look = `its console: ${consoleOf(machine.name)}`;
    const answers = (): boolean => {
        if (!isOn(machine.name)) throw new Error(`${machine.name} died while it started; ${look}`);
        return (ask(probe) ?? "").includes("ssh-ed25519");
    };
    waitFor(answers, BOOT_SECONDS, () => `${machine.name} did not answer on port 22; ${look}`);
}

/** Takes the power away: the cable first, so that no connection is closed politely, then every process at once. Marks the machine as off. */
export function cut(machine: Machine): void {
    const { name } = machine;
    unplugMachine(machine);
    mkdirSync(machineRun(name), { recursive: true });
    writeFileSync(join(machineRun(name), "off"), "");
    killRemains(name);
}

/** Presses a machine's power button; whether there was anything to switch off. */
export function askToShutDown(name: string): boolean {
    const init = initOf(name);
    if (!isOn(name) || init === undefined) return false;
    signal(init, POWER_OFF);
    return true;
}

/**
 * Shuts a machine down in order.
 * @throws Error when it has not ended within a minute.
 */
export function shutDown(machine: Machine): void {
    const { name } = machine;
    if (!askToShutDown(name)) return;
    waitFor(
        () => !isOn(name),
        SHUTDOWN_SECONDS,
        () => `${name} does not shut down; \`power cut ${name}\` takes its power away`,
    );
    killRemains(name);
}

function secureShells(name: string): number[] {
    return processesIn(cgroupOf(name)).filter((pid) => (ask(["cat", `/proc/${pid}/comm`]) ?? "").startsWith("sshd"));
}

/** Stops every sshd of a machine in its tracks: the kernel still accepts connections, and nobody speaks. */
export function freeze(name: string): void {
    machineNamed(name);
    if (!isOn(name)) throw new Error(`${name} is off. Switch it on first: \`power on ${name}\`.`);
    for (const pid of secureShells(name)) signal(pid, "SIGSTOP");
    writeFileSync(join(machineRun(name), "frozen"), "");
}

/** Lets a frozen machine's sshd go on. */
export function thaw(name: string): void {
    for (const pid of secureShells(name)) signal(pid, "SIGCONT");
    rmSync(join(machineRun(name), "frozen"), { force: true });
}
