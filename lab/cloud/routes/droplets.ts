import { found, now } from "../cloud";
import type { Cloud } from "../cloud";
import { IMAGES, LIMITS, REGIONS, SIZES } from "../catalogue";
import type { Size } from "../catalogue";
import { unprocessable } from "../errors";
import { begin } from "../operations";
import { page } from "../paging";
import { firstFree, networkOf, toAddress } from "../ranges";
import { NOTHING, flag, ok, param, text, texts } from "../route";
import type { Answer, Call, Routes } from "../route";
import type { Droplet, Vpc } from "../types";
import { ORIGIN, dropletView } from "../views";
import { keyNamed } from "./keys";
import { adopt } from "./projects";
import { ensureTag } from "./tags";
import { defaultVpc } from "./vpcs";

/** Where droplets' addresses begin, and how many there are. */
const [OWN, ANCHORS, ADDRESSES] = ["203.0.113.100", "10.19.0.5", 100];
/** A network interface's name has 15 characters, and two of them are the cable's. */
const LONGEST_MACHINE_NAME = 13;

function machineName(cloud: Cloud, name: string, id: number): string {
    const short = name.split(".")[0]?.toLowerCase() ?? "";
    const taken = [...cloud.machines.taken.names, ...cloud.account.droplets.map(({ machine }) => machine)];
    return short.length <= LONGEST_MACHINE_NAME && !taken.includes(short) ? short : `d${id}`;
}

function vpcOf(cloud: Cloud, call: Call, region: string): Vpc {
    const wanted = text(call, "vpc_uuid");
    if (wanted === undefined || wanted === "") return defaultVpc(cloud, region);
    const vpc = cloud.account.vpcs.find(({ id }) => id === wanted);
    if (vpc?.region !== region) throw unprocessable("VPC is not in the same region as the Droplet.");
    return vpc;
}

function free(base: string, count: number, taken: readonly string[]): string {
    const address = firstFree(base, count, taken);
    if (address === undefined) throw unprocessable("No address is left.");
    return address;
}

function addressesFor(cloud: Cloud, vpc: Vpc): Pick<Droplet, "address" | "anchor" | "privateAddress"> {
    const all = cloud.account.droplets;
    const inside = all.filter((droplet) => droplet.vpc === vpc.id).map((droplet) => droplet.privateAddress);
    const { low, high } = networkOf(vpc.range);
    return {
        address: free(OWN, ADDRESSES, [...cloud.machines.taken.addresses, ...all.map(({ address }) => address)]),
        anchor: free(
            ANCHORS,
            ADDRESSES,
            all.map(({ anchor }) => anchor),
        ),
        privateAddress: free(toAddress(low + 2), high - low - 2, inside),
    };
}

function sizeOf(call: Call): Size {
    const size = SIZES.find(({ slug }) => slug === text(call, "size"));
    if (size === undefined) throw unprocessable("You specified an invalid size for Droplet creation.");
    return size;
}

function imageOf(call: Call): string {
    const image = IMAGES.find(({ slug, id }) => slug === call.body["image"] || id === call.body["image"]);
    if (image === undefined) throw unprocessable("You specified an invalid image for Droplet creation.");
    return image.slug;
}

function keysOf(cloud: Cloud, call: Call): number[] {
    const wanted = texts(call, "ssh_keys");
    const unknown = wanted.filter((name) => keyNamed(cloud, name) === undefined);
    if (unknown.length > 0)
        throw unprocessable(`${unknown.join(", ")} are invalid key identifiers for Droplet creation.`);
    return wanted.flatMap((name) => keyNamed(cloud, name)?.id ?? []);
}

function checkRequest(cloud: Cloud, call: Call): void {
    if (call.body["names"] !== undefined) throw unprocessable("The lab makes one droplet at a time.");
    if (!REGIONS.some(({ slug }) => slug === text(call, "region")))
        throw unprocessable("You specified an invalid region for Droplet creation.");
    if (texts(call, "volumes").length > 0) throw unprocessable("The lab has no volumes.");
    if (Buffer.byteLength(text(call, "user_data") ?? "") > LIMITS.userDataBytes)
        throw unprocessable(`user_data is limited to ${LIMITS.userDataBytes} bytes`);
    if (cloud.account.droplets.length >= LIMITS.droplets)
        throw unprocessable("creating this/these droplet(s) will exceed your droplet limit");
}

function make(cloud: Cloud, call: Call): Droplet {
    checkRequest(cloud, call);
    const [size, image, keys] = [sizeOf(call), imageOf(call), keysOf(cloud, call)];
    const [name = "", region = ""] = [text(call, "name"), text(call, "region")];
    const vpc = vpcOf(cloud, call, region);
    const tags = texts(call, "tags");
    for (const tag of tags) ensureTag(cloud, tag);
    const id = cloud.nextId();
    return {
        id,
        name,
        machine: machineName(cloud, name, id),
        region,
        size: size.slug,
        disk: size.disk,
        image,
        createdAt: now(),
        tags,
        keys,
        userData: text(call, "user_data") ?? "",
        vpc: vpc.id,
        backups: flag(call, "backups"),
        ipv6: flag(call, "ipv6"),
        monitoring: flag(call, "monitoring"),
        agent: call.body["with_droplet_agent"] !== false,
        life: "new",
        ...addressesFor(cloud, vpc),
    };
}

function create(cloud: Cloud, call: Call): Answer {
    const droplet = make(cloud, call);
    const keys = cloud.account.keys.filter(({ id }) => droplet.keys.includes(id)).map(({ publicKey }) => publicKey);
    cloud.machines.create(droplet, { userData: droplet.userData, keys });
    cloud.account.droplets.push(droplet);
    adopt(cloud, `do:droplet:${droplet.id}`);
    cloud.machines.wire(cloud.account);
    const { id } = begin(cloud, "create", droplet);
    const link = { id, rel: "create", href: `${ORIGIN}/v2/actions/${id}` };
    return {
        status: 202,
        body: { droplet: dropletView(cloud.account, droplet, cloud.power), links: { actions: [link] } },
    };
}

function list(cloud: Cloud, call: Call): Answer {
    const [tag, name] = [call.query.get("tag_name"), call.query.get("name")];
    const wanted = cloud.account.droplets.filter(
        (droplet) => (tag === null || droplet.tags.includes(tag)) && (name === null || droplet.name === name),
    );
    const views = wanted.map((droplet) => dropletView(cloud.account, droplet, cloud.power));
    return ok(page("droplets", views, call.path, call.query));
}

/** Droplets. */
export const dropletRoutes: Routes = {
    "GET /v2/droplets": list,
    "POST /v2/droplets": create,
    "GET /v2/droplets/{droplet_id}": (cloud, call) => {
        const droplet = found(cloud.account.droplets.find(({ id }) => id === Number(param(call, "droplet_id"))));
        return ok({ droplet: dropletView(cloud.account, droplet, cloud.power) });
    },
    "DELETE /v2/droplets/{droplet_id}": (cloud, call) => {
        begin(cloud, "destroy", cloud.droplet(Number(param(call, "droplet_id"))));
        return NOTHING;
    },
};
