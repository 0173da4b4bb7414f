import { found } from "../cloud";
import type { Cloud } from "../cloud";
import { LIMITS, REGIONS } from "../catalogue";
import { unprocessable } from "../errors";
import { begin } from "../operations";
import { page } from "../paging";
import { firstFree, toNumber } from "../ranges";
import { NOTHING, ok, param, text } from "../route";
import type { Answer, Call, Routes } from "../route";
import type { Action, Droplet, ReservedIp } from "../types";
import { actionView, reservedView } from "../views";
import { adopt, disown } from "./projects";

/** The first addresses are nyc3's, so that its first one is the same in every lab. */
const POOL = { nyc3: "203.0.113.10", others: "203.0.113.15", count: 5 } as const;

function existing(cloud: Cloud, call: Call): ReservedIp {
    return found(cloud.account.reservedIps.find(({ ip }) => ip === param(call, "reserved_ip")));
}

function actionsOf(cloud: Cloud, call: Call): Action[] {
    const { ip } = existing(cloud, call);
    return cloud.account.actions.filter(({ resource, order }) => resource.type === "reserved_ip" && order["ip"] === ip);
}

function dropletFor(cloud: Cloud, reserved: ReservedIp, id: unknown): Droplet {
    const droplet = cloud.account.droplets.find((one) => one.id === id);
    if (droplet === undefined) throw unprocessable("The Droplet does not exist.");
    if (droplet.region !== reserved.region)
        throw unprocessable("The Droplet is in another region than the reserved IP.");
    if (cloud.account.reservedIps.some((other) => other !== reserved && other.droplet === droplet.id))
        throw unprocessable("The Droplet already has a reserved IP.");
    return droplet;
}

function order(cloud: Cloud, reserved: ReservedIp, type: "assign_ip" | "unassign_ip", droplet: Droplet): Action {
    const resource = { type: "reserved_ip", id: toNumber(reserved.ip) } as const;
    return begin(cloud, type, droplet, { ip: reserved.ip, droplet: droplet.id }, resource);
}

function regionOf(cloud: Cloud, call: Call): string {
    const id = call.body["droplet_id"];
    const region = typeof id === "number" ? cloud.droplet(id).region : text(call, "region");
    if (region === undefined || !REGIONS.some(({ slug }) => slug === region))
        throw unprocessable("You specified an invalid region for reserved IP creation.");
    return region;
}

function create(cloud: Cloud, call: Call): Answer {
    const { account } = cloud;
    const region = regionOf(cloud, call);
    const taken = [...cloud.machines.taken.addresses, ...account.reservedIps.map(({ ip }) => ip)];
    const ip = firstFree(region === "nyc3" ? POOL.nyc3 : POOL.others, POOL.count, taken);
    if (account.reservedIps.length >= LIMITS.reservedIps || ip === undefined)
        throw unprocessable("You have reached your limit of reserved IPs. Please contact support to increase it.");
    const reserved: ReservedIp = { ip, region };
    account.reservedIps.push(reserved);
    adopt(cloud, `do:floatingip:${ip}`);
    if (typeof call.body["droplet_id"] === "number")
        order(cloud, reserved, "assign_ip", dropletFor(cloud, reserved, call.body["droplet_id"]));
    return { status: 202, body: { reserved_ip: reservedView(account, reserved, cloud.power), links: {} } };
}

function remove(cloud: Cloud, call: Call): Answer {
    const gone = existing(cloud, call);
    cloud.account.reservedIps = cloud.account.reservedIps.filter((reserved) => reserved !== gone);
    disown(cloud, `do:floatingip:${gone.ip}`);
    cloud.machines.wire(cloud.account);
    return NOTHING;
}

function act(cloud: Cloud, call: Call): Answer {
    const reserved = existing(cloud, call);
    const type = text(call, "type");
    if (type === "unassign") {
        const droplet = cloud.account.droplets.find(({ id }) => id === reserved.droplet);
        if (droplet === undefined) throw unprocessable("The reserved IP is not assigned to a Droplet.");
        return { status: 201, body: { action: actionView(order(cloud, reserved, "unassign_ip", droplet)) } };
    }
    const droplet = dropletFor(cloud, reserved, call.body["droplet_id"]);
    return { status: 201, body: { action: actionView(order(cloud, reserved, "assign_ip", droplet)) } };
}

/** Reserved addresses and their assignment. */
export const reservedRoutes: Routes = {
    "GET /v2/reserved_ips": (cloud, call) => {
        const views = cloud.account.reservedIps.map((reserved) => reservedView(cloud.account, reserved, cloud.power));
        return ok(page("reserved_ips", views, call.path, call.query));
    },
    "POST /v2/reserved_ips": create,
    "GET /v2/reserved_ips/{reserved_ip}": (cloud, call) =>
        ok({ reserved_ip: reservedView(cloud.account, existing(cloud, call), cloud.power) }),
    "DELETE /v2/reserved_ips/{reserved_ip}": remove,
    "GET /v2/reserved_ips/{reserved_ip}/actions": (cloud, call) =>
        ok(page("actions", actionsOf(cloud, call).map(actionView).reverse(), call.path, call.query)),
    "POST /v2/reserved_ips/{reserved_ip}/actions": act,
    "GET /v2/reserved_ips/{reserved_ip}/actions/{action_id}": (cloud, call) => {
        const action = actionsOf(cloud, call).find(({ id }) => id === Number(param(call, "action_id")));
        return ok({ action: actionView(found(action)) });
    },
};
