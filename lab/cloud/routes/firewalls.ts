import { randomUUID } from "node:crypto";
import { found, now } from "../cloud";
import type { Cloud } from "../cloud";
import { conflict, unprocessable } from "../errors";
import { page } from "../paging";
import { NOTHING, ok, param, text, texts } from "../route";
import type { Answer, Call, Routes } from "../route";
import type { Firewall, Rule } from "../types";
import { firewallView } from "../views";

type Contents = Pick<Firewall, "name" | "dropletIds" | "tags" | "inbound" | "outbound">;

/** Ports as the API keeps them: "0" is all, and what icmp has. */
function portsOf({ protocol, ports }: { protocol: string; ports?: string | undefined }): string {
    if (protocol === "icmp" || ports === "all" || ports === "0") return "0";
    const [first = "", last = first] = (ports ?? "").split("-");
    const valid = [first, last].every((port) => /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535);
    if (!valid || Number(first) > Number(last))
        throw unprocessable(`invalid port range "${ports ?? ""}" for protocol ${protocol}`);
    return ports ?? "0";
}

function rulesOf(call: Call, name: string): Rule[] {
    const rules = (call.body[name] ?? []) as Rule[];
    return rules.map((rule) => ({ ...rule, ports: portsOf(rule) }));
}

function contentsOf(cloud: Cloud, call: Call): Contents {
    const contents = {
        name: text(call, "name") ?? "",
        dropletIds: texts(call, "droplet_ids").map(Number),
        tags: texts(call, "tags"),
        inbound: rulesOf(call, "inbound_rules"),
        outbound: rulesOf(call, "outbound_rules"),
    };
    const targets = [...contents.inbound, ...contents.outbound].map((rule) => rule.sources ?? rule.destinations ?? {});
    for (const tag of [...contents.tags, ...targets.flatMap(({ tags }) => tags ?? [])])
        if (!cloud.account.tags.includes(tag)) throw unprocessable(`tag does not exist: ${tag}`);
    for (const id of [...contents.dropletIds, ...targets.flatMap((target) => target.droplet_ids ?? [])])
        if (!cloud.account.droplets.some((droplet) => droplet.id === id))
            throw unprocessable(`droplet does not exist: ${id}`);
    return contents;
}

function existing(cloud: Cloud, call: Call): Firewall {
    return found(cloud.account.firewalls.find(({ id }) => id === param(call, "firewall_id")));
}

function create(cloud: Cloud, call: Call): Answer {
    const contents = contentsOf(cloud, call);
    if (cloud.account.firewalls.some(({ name }) => name === contents.name)) throw conflict("duplicate name");
    const firewall: Firewall = { id: randomUUID(), createdAt: now(), ...contents };
    cloud.account.firewalls.push(firewall);
    cloud.machines.wire(cloud.account);
    return { status: 202, body: { firewall: firewallView(firewall, "waiting") } };
}

function update(cloud: Cloud, call: Call): Answer {
    const firewall = Object.assign(existing(cloud, call), contentsOf(cloud, call));
    cloud.machines.wire(cloud.account);
    return ok({ firewall: firewallView(firewall, "waiting") });
}

function remove(cloud: Cloud, call: Call): Answer {
    const gone = existing(cloud, call);
    cloud.account.firewalls = cloud.account.firewalls.filter((firewall) => firewall !== gone);
    cloud.machines.wire(cloud.account);
    return NOTHING;
}

/** Firewalls. */
export const firewallRoutes: Routes = {
    "GET /v2/firewalls": (cloud, call) =>
        ok(
            page(
                "firewalls",
                cloud.account.firewalls.map((firewall) => firewallView(firewall, "succeeded")),
                call.path,
                call.query,
            ),
        ),
    "POST /v2/firewalls": create,
    "GET /v2/firewalls/{firewall_id}": (cloud, call) =>
        ok({ firewall: firewallView(existing(cloud, call), "succeeded") }),
    "PUT /v2/firewalls/{firewall_id}": update,
    "DELETE /v2/firewalls/{firewall_id}": remove,
};
