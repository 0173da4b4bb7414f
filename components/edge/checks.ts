import type { Check } from "../fleet/check";
import type { Problem } from "../fleet/errors";
import type { Inventory } from "../fleet/schema";
import { behindNat } from "../node/machine";
import { placementProblems } from "../node/placement";

const placements: Check = (checked) => {
    const { edge, dns } = checked.inventory;
    return [
        ...(edge === undefined ? [] : placementProblems(edge.at, ["edge", "at"], checked)),
        ...(dns === undefined ? [] : placementProblems([dns.primary], ["dns", "primary"], checked)),
    ];
};

const publicNodes: Check = ({ inventory }) => [
    ...(inventory.edge?.at ?? []).flatMap((name) => mustBePublic(inventory, name, ["edge", "at"], "The edge")),
    ...(inventory.dns === undefined
        ? []
        : mustBePublic(inventory, inventory.dns.primary, ["dns", "primary"], "The nameserver")),
];

function mustBePublic(inventory: Inventory, name: string, path: string[], what: string): Problem[] {
    const node = inventory.nodes[name];
    if (node === undefined || !behindNat(node)) return [];
    return [
        {
            code: "SE022",
            path,
            message: `${what} must be reachable from the internet, and ${name} has the private address ${node.address ?? ""}.`,
            fix: "Place it on a node with a public address.",
        },
    ];
}

const publicNames: Check = ({ inventory, keys }) => {
    const name = inventory.models?.gateway.public;
    if (name === undefined) return [];
    const path = ["models", "gateway", "public"];
    const missing = ["edge", "dns", "domains"].filter((key) => !keys.includes(key));
    if (missing.length > 0) {
        return [
            {
                code: "SE021",
                path,
                message: `${name} is a public name, and the inventory has no ${missing.join(", no ")}.`,
                fix: "Add the missing keys, or leave `public` out to serve the LAN only.",
            },
        ];
    }
    const domains = Object.keys(inventory.domains);
    if (domains.length === 0 || domains.some((domain) => name === domain || name.endsWith(`.${domain}`))) return [];
    return [
        {
            code: "SE020",
            path,
            message: `${name} lies in none of the domains.`,
            fix: `Use a name below ${domains.join(" or ")}.`,
        },
    ];
};

/** Checks on the edge, the nameserver and public names. */
export const edgeChecks: readonly Check[] = [placements, publicNodes, publicNames];
