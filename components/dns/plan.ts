import type { Inventory } from "../fleet/schema";

/** One record set of a zone; `name` is fully qualified, no trailing dot. */
export interface ZoneRecord {
    readonly name: string;
    readonly type: "A" | "NS";
    /** Seconds. */
    readonly ttl: number;
    readonly value: string;
}

/** A zone as the primary serves it. */
export interface ZonePlan {
    readonly domain: string;
    readonly primary: string;
    /** Name of the nameserver, inside the zone. */
    readonly nameserver: string;
    readonly records: readonly ZoneRecord[];
}

/** Low while a fleet has one edge: a moved name is seen within five minutes. */
const ttl = 300;

/** The zones of all domains: nameserver, its address, and every public name with the addresses of the edge. */
export function planZones(inventory: Inventory): ZonePlan[] {
    const primary = inventory.dns?.primary;
    if (primary === undefined) return [];
    const address = inventory.nodes[primary]?.address ?? "";
    const edges = (inventory.edge?.at ?? []).map((name) => inventory.nodes[name]?.address ?? "");
    const names = inventory.models?.gateway.public === undefined ? [] : [inventory.models.gateway.public];
    return Object.keys(inventory.domains)
        .sort()
        .map((domain) => {
            const nameserver = `ns1.${domain}`;
            const own = names.filter((name) => zoneOf(name, Object.keys(inventory.domains)) === domain);
            return {
                domain,
                primary,
                nameserver,
                records: [
                    { name: domain, type: "NS", ttl, value: `${nameserver}.` },
                    { name: nameserver, type: "A", ttl, value: address },
                    ...own.sort().flatMap((name) => edges.map((value) => ({ name, type: "A" as const, ttl, value }))),
                ],
            };
        });
}

/** The domain a name belongs to: the longest that it equals or ends in. */
export function zoneOf(name: string, domains: readonly string[]): string | undefined {
    return domains
        .filter((domain) => name === domain || name.endsWith(`.${domain}`))
        .sort((a, b) => b.length - a.length)[0];
}
