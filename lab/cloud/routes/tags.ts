import { found } from "../cloud";
import type { Cloud } from "../cloud";
import { unprocessable } from "../errors";
import { page } from "../paging";
import { NOTHING, ok, param, text } from "../route";
import type { Call, Routes } from "../route";
import type { Droplet } from "../types";
import { tagView } from "../views";

function existing(cloud: Cloud, call: Call): string {
    const wanted = decodeURIComponent(param(call, "tag_id"));
    return found(cloud.account.tags.find((tag) => tag === wanted));
}

/** Makes a tag unless it is there. */
export function ensureTag(cloud: Cloud, name: string): void {
    if (!/^[\p{L}\p{N}:_-]{1,255}$/u.test(name)) throw unprocessable("Tag name is invalid");
    if (!cloud.account.tags.includes(name)) cloud.account.tags.push(name);
}

function dropletsOf(cloud: Cloud, call: Call): Droplet[] {
    const { resources } = call.body as { resources: { resource_id?: string; resource_type?: string }[] };
    return resources.map(({ resource_id: id, resource_type: type }) => {
        if (type !== "droplet") throw unprocessable(`The lab has no ${type ?? "such"} to tag.`);
        return cloud.droplet(Number(id));
    });
}

/** Tags. */
export const tagRoutes: Routes = {
    "GET /v2/tags": (cloud, call) =>
        ok(
            page(
                "tags",
                cloud.account.tags.map((tag) => tagView(cloud.account, tag)),
                call.path,
                call.query,
            ),
        ),
    "POST /v2/tags": (cloud, call) => {
        const name = text(call, "name") ?? "";
        ensureTag(cloud, name);
        return { status: 201, body: { tag: tagView(cloud.account, name) } };
    },
    "GET /v2/tags/{tag_id}": (cloud, call) => ok({ tag: tagView(cloud.account, existing(cloud, call)) }),
    "DELETE /v2/tags/{tag_id}": (cloud, call) => {
        const gone = existing(cloud, call);
        const without = (tags: readonly string[]): string[] => tags.filter((tag) => tag !== gone);
        cloud.account.tags = without(cloud.account.tags);
        for (const carrier of [...cloud.account.droplets, ...cloud.account.firewalls])
            carrier.tags = without(carrier.tags);
        cloud.machines.wire(cloud.account);
        return NOTHING;
    },
    "POST /v2/tags/{tag_id}/resources": (cloud, call) => {
        const tag = existing(cloud, call);
        for (const droplet of dropletsOf(cloud, call)) if (!droplet.tags.includes(tag)) droplet.tags.push(tag);
        cloud.machines.wire(cloud.account);
        return NOTHING;
    },
    "DELETE /v2/tags/{tag_id}/resources": (cloud, call) => {
        const gone = existing(cloud, call);
        for (const droplet of dropletsOf(cloud, call)) droplet.tags = droplet.tags.filter((tag) => tag !== gone);
        cloud.machines.wire(cloud.account);
        return NOTHING;
    },
};
