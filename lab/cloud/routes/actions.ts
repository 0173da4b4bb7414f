import { found } from "../cloud";
import type { Cloud } from "../cloud";
import { SIZES } from "../catalogue";
import { unprocessable } from "../errors";
import { DROPLET_ACTIONS, begin } from "../operations";
import { page } from "../paging";
import { flag, ok, param, text } from "../route";
import type { Answer, Call, Routes } from "../route";
import type { Action, Droplet } from "../types";
import { actionView } from "../views";

function listed(actions: readonly Action[], call: Call): Answer {
    // The newest first, as everywhere in the API.
    return ok(page("actions", actions.map(actionView).reverse(), call.path, call.query));
}

function ofDroplet(cloud: Cloud, id: number): Action[] {
    cloud.droplet(id);
    return cloud.account.actions.filter(({ resource }) => resource.type === "droplet" && resource.id === id);
}

function byId(actions: readonly Action[], call: Call): Answer {
    return ok({ action: actionView(found(actions.find(({ id }) => id === Number(param(call, "action_id"))))) });
}

function checkResize(cloud: Cloud, droplet: Droplet, call: Call): void {
    const size = SIZES.find(({ slug }) => slug === text(call, "size"));
    if (size === undefined) throw unprocessable("You specified an invalid size.");
    if (size.disk < droplet.disk) throw unprocessable("This size is not available because it has a smaller disk.");
    if (cloud.power(droplet)) throw unprocessable("Droplet is currently on. Please power it off to run this event.");
}

function act(cloud: Cloud, call: Call): Answer {
    const droplet = cloud.droplet(Number(param(call, "droplet_id")));
    const type = text(call, "type") ?? "";
    if (!DROPLET_ACTIONS.includes(type)) throw unprocessable(`The lab cannot do the action "${type}" on a droplet.`);
    if (type === "resize") checkResize(cloud, droplet, call);
    const order = {
        ...(type === "resize" ? { size: text(call, "size") ?? "", disk: flag(call, "disk") } : {}),
        ...(type === "rename" ? { name: text(call, "name") ?? "" } : {}),
    };
    return { status: 201, body: { action: actionView(begin(cloud, type, droplet, order)) } };
}

/** Actions: of the account and of a droplet. */
export const actionRoutes: Routes = {
    "GET /v2/actions": (cloud, call) => listed(cloud.account.actions, call),
    "GET /v2/actions/{action_id}": (cloud, call) => byId(cloud.account.actions, call),
    "GET /v2/droplets/{droplet_id}/actions": (cloud, call) =>
        listed(ofDroplet(cloud, Number(param(call, "droplet_id"))), call),
    "POST /v2/droplets/{droplet_id}/actions": act,
    "GET /v2/droplets/{droplet_id}/actions/{action_id}": (cloud, call) =>
        byId(ofDroplet(cloud, Number(param(call, "droplet_id"))), call),
};
