import { rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { initOf } from "../cgroup";
import { consoleOf, askToShutDown, cut, isOn, start } from "../machine";
import { removePlug } from "../network";
import { machineDirectory, machineRun } from "../paths";
import { MACHINES, OPERATORS, ROUTERS, SERVICES, bridgeOf } from "../plan";
import type { Machine } from "../plan";
import { machineNamed, recordOf } from "../roster";
import { ask, inNamespace, run } from "../shell";
import { makeDropletDisk } from "./disk";
import type { Hypervisor, Seed } from "./hypervisor";
import { cloudRules } from "./rules";
import type { Account, Droplet } from "./types";
import { reservedCommand } from "./wires";

const [BOOT_SECONDS, SHUTDOWN_SECONDS, LOOK_EVERY_MS] = [60, 60, 50];

/** The machine behind a droplet, as the account says that it is wired. */
export function machineOf(account: Account, droplet: Droplet): Machine {
    const range = account.vpcs.find(({ id }) => id === droplet.vpc)?.range ?? "";
    const reserved = account.reservedIps.find((one) => one.droplet === droplet.id)?.ip;
    const vpc = { address: droplet.privateAddress, range };
    const droplets = { anchor: droplet.anchor, vpc, ...(reserved === undefined ? {} : { reserved }) };
    return { name: droplet.machine, segment: "internet", address: droplet.address, inUp: true, droplet: droplets };
}

async function until(probe: () => boolean, seconds: number, complaint: string): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!probe()) {
        if (Date.now() > end) throw new Error(`${complaint} (waited ${seconds} s)`);
        await sleep(LOOK_EVERY_MS);
    }
}

async function powerOn({ machine: name }: Droplet): Promise<void> {
    if (isOn(name)) return;
    start(machineNamed(name));
    const runs = (): boolean => {
        if (!isOn(name)) throw new Error(`${name} died while it started; its console: ${consoleOf(name)}`);
        return initOf(name) !== undefined;
    };
    await until(runs, BOOT_SECONDS, `${name} does not start`);
}

function powerOff({ machine: name }: Droplet): Promise<void> {
    cut(machineNamed(name));
    return Promise.resolve();
}

async function shutDown(droplet: Droplet): Promise<void> {
    if (askToShutDown(droplet.machine))
        await until(() => !isOn(droplet.machine), SHUTDOWN_SECONDS, `${droplet.machine} does not shut down`);
    await powerOff(droplet);
}

function destroy({ machine: name }: Droplet): Promise<void> {
    const machine = machineNamed(name);
    cut(machine);
    removePlug(machine);
    for (const folder of [machineDirectory(name), machineRun(name)]) rmSync(folder, { recursive: true, force: true });
    return Promise.resolve();
}

/** Routes of reserved addresses: those of running droplets are set, the others are taken back. */
function wire(account: Account): void {
    const internet = bridgeOf("internet");
    run(inNamespace(internet, ["nft", "-f", "-"]), { input: cloudRules(account) });
    for (const { ip, droplet: id } of account.reservedIps)
        if (id === undefined) ask(["ip", "-n", internet, "route", "delete", `${ip}/32`]);
    for (const droplet of account.droplets) {
        const machine = machineOf(account, droplet);
        writeFileSync(recordOf(machine.name), JSON.stringify(machine));
        const reserved = machine.droplet?.reserved;
        // A machine without power gets its routes when it is switched on.
        if (reserved !== undefined) ask(["ip", ...reservedCommand(machine.name, machine.address, reserved)]);
    }
}

/** The lab's own machines. */
export const LAB_MACHINES: Hypervisor = {
    create: (droplet: Droplet, seed: Seed): void => {
        makeDropletDisk(droplet, seed);
    },
    powerOn,
    powerOff,
    shutDown,
    destroy,
    isOn: ({ machine }) => isOn(machine),
    wire,
    taken: {
        names: [...MACHINES, ...OPERATORS].map(({ name }) => name).concat("internet", ...Object.keys(ROUTERS)),
        addresses: [...MACHINES, ...OPERATORS].map(({ address }) => address).concat(Object.values(SERVICES)),
    },
};
