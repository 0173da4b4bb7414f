import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../processes";
import type { ProcessId } from "../processes";
import type { Rig } from "./rig";

/** A User-mode Linux machine of a rig. */
export interface UmlMachine {
    readonly rig: Rig;
    readonly name: string;
    /** 0 for the rig's first machine. */
    readonly number: number;
    readonly address: string;
    readonly folder: string;
    /** Working memory in megabytes. */
    readonly memory: number;
    /** The file system that the disk's changes lie over. */
    readonly base: string;
    /** Name of the identity that the disk is given at the next start, unless it has it. */
    readonly identity: string;
    /** Its machine-id(5). */
    readonly id: string;
}

/** Everything that the machine printed on its console, of all its starts. */
export function consoleOf(machine: UmlMachine): string {
    return join(machine.folder, "console");
}

/** The disk: what differs from its base. */
export function changesOf(machine: UmlMachine): string {
    return join(machine.folder, "disk.cow");
}

/** Process of the machine's kernel, which leads the group of all its processes; undefined before the first start. */
export function kernelOf(machine: UmlMachine): ProcessId | undefined {
    const record = join(machine.folder, "process.json");
    return existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as ProcessId) : undefined;
}

/** Whether the machine has power. */
export function isOn(machine: UmlMachine): boolean {
    return isAlive(kernelOf(machine));
}

/** The last lines on a machine's console, for an error's text. */
export function lastWords(machine: UmlMachine): string {
    const lines = existsSync(consoleOf(machine)) ? readFileSync(consoleOf(machine), "utf8").trimEnd().split("\n") : [];
    return `The end of its console:\n${lines.slice(-15).join("\n")}`;
}
