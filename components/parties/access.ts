import type { Inventory } from "../fleet/schema";
import { count } from "../fleet/words";
import type { PublicName } from "../names/plan";
import { behindNat } from "../node/machine";
import type { NodeEntry } from "../node/schema";
import type { Party } from "./plan";

/** Who stands between the fleet and those who use it: hosts, internet lines, registrars, the CA. */
export function accessParties(inventory: Inventory, names: readonly PublicName[]): Party[] {
    return [...hosts(inventory), ...lines(inventory, names), ...registrars(inventory), ...authority(inventory, names)];
}

function hosts(inventory: Inventory): Party[] {
    return Object.entries(inventory.nodes).flatMap(([node, entry]): Party[] => {
        const rented = { role: "hosting", stops: [node], when: "at once" } as const;
        if (entry.droplet !== undefined) return [{ name: "DigitalOcean", ...rented }];
        return isRented(inventory, entry) ? [{ name: `the host of ${node}`, ...rented }] : [];
    });
}

/**
 * Whether a machine stands with somebody else: rent is paid for it, or it has a public address and its location neither
 * a LAN nor electricity that we pay for.
 */
function isRented({ locations }: Inventory, entry: NodeEntry): boolean {
    const place = locations[entry.location ?? ""];
    const isOurs = place?.lan !== undefined || place?.electricity !== undefined;
    return entry.cost !== undefined || (!behindNat(entry) && !isOurs);
}

/** The internet line of each location, where something beyond its LAN is wanted from it. */
function lines(inventory: Inventory, names: readonly PublicName[]): Party[] {
    const nodes = Object.entries(inventory.nodes);
    const wanted = names.length > 0 || nodes.some(([, entry]) => !behindNat(entry));
    if (!wanted) return [];
    return nodes
        .filter(([, entry]) => entry.droplet === undefined && !isRented(inventory, entry))
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

function authority({ edge }: Inventory, names: readonly PublicName[]): Party[] {
    const served = new Set(names.map(({ name }) => name)).size;
    if (edge === undefined || served === 0) return [];
    const { directory } = edge.acme;
    const isOwn = directory !== undefined && !/letsencrypt\.org/.test(directory);
    const stops = [`new certificates and, once the present ones run out, the ${count(served, "public name")}`];
    return [
        {
            name: isOwn ? new URL(directory).hostname : "Let's Encrypt",
            role: "certificates",
            stops,
            when: "later",
        },
    ];
}
