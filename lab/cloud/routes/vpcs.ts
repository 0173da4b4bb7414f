import { randomUUID } from "node:crypto";
import { found, now } from "../cloud";
import type { Cloud } from "../cloud";
import { REGIONS } from "../catalogue";
import { ApiError, conflict, unprocessable } from "../errors";
import { page } from "../paging";
import { networkOf, overlap } from "../ranges";
import { NOTHING, ok, param, text } from "../route";
import type { Answer, Call, Routes } from "../route";
import type { Vpc } from "../types";
import { vpcView } from "../views";
import { adopt, disown } from "./projects";

const [SMALLEST, LARGEST] = [28, 16];

/** A range of the provider's own choice that no other network has. */
function freeRange(vpcs: readonly Vpc[]): string {
    const ranges = Array.from({ length: 16 }, (_, index) => `10.108.${index * 16}.0/20`);
    const free = ranges.find((range) => vpcs.every((vpc) => !overlap(vpc.range, range)));
    if (free === undefined) throw unprocessable("No range is left for another VPC network.");
    return free;
}

function checkRange(range: string, vpcs: readonly Vpc[]): void {
    const { prefix } = networkOf(range);
    if (!/^(\d{1,3}\.){3}\d{1,3}\/\d+$/.test(range) || prefix > SMALLEST || prefix < LARGEST)
        throw unprocessable(`ip_range must be a private range between /${LARGEST} and /${SMALLEST}`);
    const other = vpcs.find((vpc) => overlap(vpc.range, range));
    if (other !== undefined)
        throw unprocessable(
            `This range/size overlaps with another VPC network in your account: ${other.range}-${other.name}`,
        );
}

function make(cloud: Cloud, vpc: Pick<Vpc, "name" | "description" | "region" | "range" | "isDefault">): Vpc {
    const made = { id: randomUUID(), createdAt: now(), ...vpc };
    cloud.account.vpcs.push(made);
    adopt(cloud, `do:vpc:${made.id}`);
    return made;
}

/** The network of a region that droplets get which name none. */
export function defaultVpc(cloud: Cloud, region: string): Vpc {
    const { vpcs } = cloud.account;
    const existing = vpcs.find((vpc) => vpc.region === region && vpc.isDefault);
    const fresh = { name: `default-${region}`, description: "", region, range: freeRange(vpcs), isDefault: true };
    return existing ?? make(cloud, fresh);
}

function create(cloud: Cloud, call: Call): Answer {
    const [name = "", region = ""] = [text(call, "name"), text(call, "region")];
    if (!REGIONS.some(({ slug }) => slug === region)) throw unprocessable("Region is not available");
    if (cloud.account.vpcs.some((vpc) => vpc.name === name))
        throw unprocessable("A VPC with the same name already exists");
    const range = text(call, "ip_range") ?? freeRange(cloud.account.vpcs);
    checkRange(range, cloud.account.vpcs);
    const vpc = make(cloud, { name, description: text(call, "description") ?? "", region, range, isDefault: false });
    return { status: 201, body: { vpc: vpcView(vpc) } };
}

function existing(cloud: Cloud, call: Call): Vpc {
    return found(cloud.account.vpcs.find(({ id }) => id === param(call, "vpc_id")));
}

function update(cloud: Cloud, call: Call): Answer {
    const vpc = existing(cloud, call);
    vpc.name = text(call, "name") ?? vpc.name;
    vpc.description = text(call, "description") ?? vpc.description;
    return ok({ vpc: vpcView(vpc) });
}

function remove(cloud: Cloud, call: Call): Answer {
    const gone = existing(cloud, call);
    if (gone.isDefault) throw new ApiError(403, "forbidden", "Can not delete default VPCs");
    if (cloud.account.droplets.some(({ vpc }) => vpc === gone.id)) throw conflict("Can not delete VPC with members");
    cloud.account.vpcs = cloud.account.vpcs.filter((vpc) => vpc !== gone);
    disown(cloud, `do:vpc:${gone.id}`);
    return NOTHING;
}

/** Private networks. */
export const vpcRoutes: Routes = {
    "GET /v2/vpcs": (cloud, call) => ok(page("vpcs", cloud.account.vpcs.map(vpcView), call.path, call.query)),
    "POST /v2/vpcs": create,
    "GET /v2/vpcs/{vpc_id}": (cloud, call) => ok({ vpc: vpcView(existing(cloud, call)) }),
    "PUT /v2/vpcs/{vpc_id}": update,
    "PATCH /v2/vpcs/{vpc_id}": update,
    "DELETE /v2/vpcs/{vpc_id}": remove,
};
