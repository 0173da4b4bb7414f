import type { Check, Checked } from "../fleet/check";
import type { Problem } from "../fleet/errors";
import type { Inventory } from "../fleet/schema";
import type { PublicName } from "../names/plan";
import { behindNat } from "../node/machine";
import { placementProblems } from "../node/placement";

const placements: Check = (checked) => {
    const { edge, dns } = checked.inventory;
    return [
        ...(edge === undefined ? [] : placementProblems(edge.at, ["edge", "at"], checked)),
        ...(dns === undefined ? [] : placementProblems([dns.primary], ["dns", "primary"], checked)),
        ...placementProblems(dns?.secondaries ?? [], ["dns", "secondaries"], checked),
    ];
};

const publicNodes: Check = ({ inventory }) => {
    const { edge, dns } = inventory;
    // With secondaries the primary is hidden: nobody outside asks it.
    const hidden = (dns?.secondaries?.length ?? 0) > 0;
    return [
        ...(edge?.at ?? []).flatMap((name) => mustBePublic(inventory, name, ["edge", "at"], "The edge")),
        ...(dns === undefined || hidden
            ? []
            : mustBePublic(inventory, dns.primary, ["dns", "primary"], "The nameserver")),
        ...(dns?.secondaries ?? []).flatMap((name) =>
            mustBePublic(inventory, name, ["dns", "secondaries"], "A nameserver"),
        ),
    ];
};

function mustBePublic(inventory: Inventory, name: string, path: string[], what: string): Problem[] {
    const node = inventory.nodes[name];
    if (node === undefined || !behindNat(node)) return [];
    return [
        {
            code: "SE022",
            path,
            message: `${what} must be reachable from the internet, and ${name} has the private address ${node.address ?? ""}.`,
            fix:
                path[1] === "primary"
                    ? "Place it on a node with a public address, or add `secondaries:` that have one: it is hidden behind them then."
                    : "Place it on a node with a public address.",
        },
    ];
}

const publicNames: Check = ({ inventory, design, keys }) => {
    const missing = ["edge", "dns", "domains"].filter((key) => !keys.includes(key));
    if (missing.length > 0) return onePerPlace(design.names).map(([name, more]) => withoutMeans(name, more, missing));
    const domains = Object.keys(inventory.domains);
    if (domains.length === 0) return [];
    const outside = onePerPlace(design.names.filter(({ domain }) => domain === undefined));
    return outside.map(([{ name, path }, more]): Problem => ({
        code: "SE020",
        path,
        message: `${name}${others(more)} in none of the domains.`,
        fix: `Use a name below ${few(domains)}, or add its domain.`,
    }));
};

function withoutMeans({ name, path }: PublicName, more: number, missing: readonly string[]): Problem {
    return {
        code: "SE021",
        path,
        message: `${name} is a public name${more > 0 ? `, and ${more} more here are` : ""}, and the inventory has no ${missing.join(", no ")}.`,
        fix: "Add the missing keys, or leave `public` out to serve the LAN only.",
    };
}

/** The first name of each place of the inventory, with how many more it stands for. */
function onePerPlace(names: Checked["design"]["names"]): [PublicName, number][] {
    const places = new Map<string, [PublicName, number]>();
    for (const name of names) {
        const key = name.path.join(".");
        const known = places.get(key);
        if (known === undefined) places.set(key, [name, 0]);
        else known[1]++;
    }
    return [...places.values()];
}

function others(more: number): string {
    return more === 0 ? " lies" : `, and ${more} more like it, lie`;
}

function few(domains: readonly string[]): string {
    const more = domains.length - 5;
    return more > 0 ? `${domains.slice(0, 5).join(", ")} or one of ${more} others` : domains.join(" or ");
}

/** Checks on the edge, the nameserver and public names. */
export const edgeChecks: readonly Check[] = [placements, publicNodes, publicNames];
