import type { Inventory } from "../fleet/schema";
import { planNames } from "../names/plan";
import { behindNat } from "../node/machine";
import type { Party } from "./plan";

/** Who stands between the fleet and those who use it: hosts, internet lines, registrars, the CA. */
export function accessParties(inventory: Inventory): Party[] {
    return [...hosts(inventory), ...lines(inventory), ...registrars(inventory), ...authority(inventory)];
}

function hosts({ nodes }: Inventory): Party[] {
    return Object.entries(nodes).flatMap(([node, entry]): Party[] => {
        const rented = { role: "hosting", stops: [node], when: "at once" } as const;
        if (entry.droplet !== undefined) return [{ name: "DigitalOcean", ...rented }];
        // A machine with a public address and no location of ours stands in somebody's data centre.
        const elsewhere = !behindNat(entry) && entry.location === undefined;
        return elsewhere ? [{ name: `the host of ${node}`, ...rented }] : [];
    });
}

/** The internet line of each location, where something beyond its LAN is wanted from it. */
function lines(inventory: Inventory): Party[] {
    const nodes = Object.entries(inventory.nodes);
    const wanted = planNames(inventory).length > 0 || nodes.some(([, entry]) => !behindNat(entry));
    if (!wanted) return [];
    return nodes
        .filter(([, entry]) => behindNat(entry) || entry.location !== undefined)
        .map(([node, { location }]) => ({
            name: `the internet line of ${location ?? "the LAN"}`,
            role: "uplink" as const,
            stops: [`what ${node} answers beyond its LAN`],
            when: "at once" as const,
        }));
}

function registrars({ domains }: Inventory): Party[] {
    return Object.entries(domains).map(([domain, { registrar }]) => ({
        name: registrar ?? "the registrars of the domains",
        role: "registrar" as const,
        stops: [`every name in ${domain}, when it is not renewed or taken away`],
        when: "later" as const,
    }));
}

function authority(inventory: Inventory): Party[] {
    const names = new Set(planNames(inventory).map(({ name }) => name)).size;
    if (inventory.edge === undefined || names === 0) return [];
    const { directory } = inventory.edge.acme;
    const isOwn = directory !== undefined && !/letsencrypt\.org/.test(directory);
    const stops = [`new certificates and, once the present ones run out, the ${names} public names`];
    return [
        {
            name: isOwn ? new URL(directory).hostname : "Let's Encrypt",
            role: "certificates",
            stops,
            when: "later",
        },
    ];
}
