import { setTimeout as sleep } from "node:timers/promises";
import { now } from "./cloud";
import type { Cloud } from "./cloud";
import { SIZES } from "./catalogue";
import { pendingEvent } from "./errors";
import type { Action, Droplet } from "./types";
import { isBusy } from "./views";

type Order = Action["order"];
type Work = (cloud: Cloud, droplet: Droplet, order: Order) => Promise<void> | void;

async function create(cloud: Cloud, droplet: Droplet): Promise<void> {
    const stuck = cloud.faults.take(["stuck"]);
    if (stuck !== undefined) await cloud.faults.hold(stuck.seconds);
    if (!cloud.machines.isOn(droplet)) await cloud.machines.powerOn(droplet);
    droplet.life = "there";
}

async function destroy(cloud: Cloud, droplet: Droplet): Promise<void> {
    const { account } = cloud;
    for (const reserved of account.reservedIps) if (reserved.droplet === droplet.id) delete reserved.droplet;
    for (const firewall of account.firewalls)
        firewall.dropletIds = firewall.dropletIds.filter((id) => id !== droplet.id);
    for (const project of account.projects)
        project.resources = Object.fromEntries(
            Object.entries(project.resources).filter(([urn]) => urn !== `do:droplet:${droplet.id}`),
        );
    await cloud.machines.destroy(droplet);
    account.droplets = account.droplets.filter(({ id }) => id !== droplet.id);
}

function resize(_cloud: Cloud, droplet: Droplet, order: Order): void {
    droplet.size = String(order["size"]);
    const { disk = 0 } = SIZES.find(({ slug }) => slug === droplet.size) ?? {};
    if (order["disk"] === true) droplet.disk = disk;
}

function assign(cloud: Cloud, droplet: Droplet, order: Order): void {
    if (cloud.faults.take(["unassignable"]) !== undefined) throw new Error("unassignable");
    const reserved = cloud.account.reservedIps.find(({ ip }) => ip === order["ip"]);
    if (reserved !== undefined) reserved.droplet = droplet.id;
}

function unassign(cloud: Cloud, _droplet: Droplet, order: Order): void {
    const reserved = cloud.account.reservedIps.find(({ ip }) => ip === order["ip"]);
    if (reserved !== undefined) delete reserved.droplet;
}

const WORK: Readonly<Record<string, Work>> = {
    create,
    destroy,
    resize,
    assign_ip: assign,
    unassign_ip: unassign,
    rename: (_cloud, droplet, order) => {
        droplet.name = String(order["name"]);
    },
    power_on: (cloud, droplet) => cloud.machines.powerOn(droplet),
    power_off: (cloud, droplet) => cloud.machines.powerOff(droplet),
    shutdown: (cloud, droplet) => cloud.machines.shutDown(droplet),
    power_cycle: async (cloud, droplet) => {
        await cloud.machines.powerOff(droplet);
        await cloud.machines.powerOn(droplet);
    },
    reboot: async (cloud, droplet) => {
        await cloud.machines.shutDown(droplet);
        await cloud.machines.powerOn(droplet);
    },
};

/** Types of actions on a droplet that a request may ask for. */
export const DROPLET_ACTIONS: readonly string[] = Object.keys(WORK).filter(
    (type) => !/^(create|destroy)$|_ip$/.test(type),
);

async function carryOut(cloud: Cloud, action: Action): Promise<void> {
    const id = action.resource.type === "droplet" ? action.resource.id : action.order["droplet"];
    const droplet = cloud.account.droplets.find((one) => one.id === id);
    await sleep(cloud.slowness);
    try {
        if (droplet !== undefined) await WORK[action.type]?.(cloud, droplet, action.order);
        cloud.machines.wire(cloud.account);
        action.status = "completed";
    } catch (error) {
        // What happened is for the emulator's log; the API tells its users no more than this either.
        console.error(`${action.type} of ${droplet?.name ?? "?"}:`, error instanceof Error ? error.message : error);
        action.status = "errored";
    }
    action.completedAt = now();
    cloud.save();
}

/**
 * Begins an action on a droplet, or on a reserved address and the droplet in `order.droplet`; it goes on by itself.
 * @throws ApiError 422 when the droplet does something already.
 */
export function begin(
    cloud: Cloud,
    type: string,
    droplet: Droplet,
    order: Order = {},
    resource: Action["resource"] = { type: "droplet", id: droplet.id },
): Action {
    if (isBusy(cloud.account, droplet.id)) throw pendingEvent();
    const id = cloud.nextId();
    const action: Action = {
        id,
        type,
        resource,
        region: droplet.region,
        startedAt: now(),
        status: "in-progress",
        order,
    };
    cloud.account.actions.push(action);
    void carryOut(cloud, action);
    return action;
}

/** Goes on with what a restart interrupted. */
export function resume(cloud: Cloud): void {
    for (const action of cloud.account.actions) if (action.status === "in-progress") void carryOut(cloud, action);
}
