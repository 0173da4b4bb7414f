import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DISKS, machineDirectory } from "./paths";
import { MACHINES } from "./plan";
import type { Machine } from "./plan";

/** File in the folder of a droplet's disk that says how its machine is wired. */
export function recordOf(name: string): string {
    return join(machineDirectory(name), "droplet.json");
}

/** The machines behind droplets: those that the cloud has made and not destroyed. */
export function dropletMachines(): Machine[] {
    const folder = join(DISKS, "machines");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
        .map(recordOf)
        .filter((record) => existsSync(record))
        .map((record) => JSON.parse(readFileSync(record, "utf8")) as Machine);
}

/** Every machine of the lab: the planned ones and the droplets. */
export function everyMachine(): Machine[] {
    return [...MACHINES, ...dropletMachines()];
}

/**
 * The machine of a name.
 * @throws Error listing the machines there are.
 */
export function machineNamed(name: string): Machine {
    const machines = everyMachine();
    const found = machines.find((machine) => machine.name === name);
    if (found !== undefined) return found;
    throw new Error(
        `There is no machine "${name}" in the lab. Machines: ${machines.map((machine) => machine.name).join(", ")}.`,
    );
}
