import type { Inventory } from "../fleet/schema";
import type { PublicName } from "../names/plan";
import { zoneOf } from "../names/zone";
import { endpointAddress } from "../node/machine";

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
    /** Name of the first nameserver, inside the zone. */
    readonly nameserver: string;
    readonly records: readonly ZoneRecord[];
}

/** A nameserver of a zone. */
export interface Nameserver {
    /** `ns1.DOMAIN` and on, in the order of the inventory. */
    readonly name: string;
    readonly node: string;
}

/** Low while a fleet has one edge: a moved name is seen within five minutes. */
const ttl = 300;

/** The zones of all domains: nameservers with their addresses, and every public name with the addresses of its edges. */
export function planZones(inventory: Inventory, names: readonly PublicName[]): ZonePlan[] {
    const primary = inventory.dns?.primary;
    if (primary === undefined) return [];
    const domains = Object.keys(inventory.domains).sort();
    const once = [...new Map(names.map((name) => [name.name, name])).values()];
    return domains.map((domain) => {
        const nameservers = planNameservers(inventory, domain);
        return {
            domain,
            primary,
            nameserver: nameservers[0]?.name ?? `ns1.${domain}`,
            records: [
                ...delegation(inventory, domain),
                ...domains
                    .filter((below) => below !== domain && parentOf(below, domains) === domain)
                    .flatMap((below) => delegation(inventory, below)),
                ...once
                    .filter((name) => name.domain === domain)
                    .flatMap(({ name, edges }) => edges.map((edge) => addressRecord(inventory, name, edge))),
            ],
        };
    });
}

/** The nameservers of a domain: the secondaries, the primary staying hidden behind them; without any the primary. */
export function planNameservers({ dns, nodes }: Inventory, domain: string): Nameserver[] {
    const { primary, secondaries = [] } = dns ?? {};
    const answering = secondaries.length > 0 ? secondaries : primary === undefined ? [] : [primary];
    return answering
        .filter((node) => nodes[node] !== undefined)
        .map((node, index) => ({ name: `ns${index + 1}.${domain}`, node }));
}

/** The NS records of a domain with the addresses they need: in its own zone, and as glue in the one around it. */
function delegation(inventory: Inventory, domain: string): ZoneRecord[] {
    const nameservers = planNameservers(inventory, domain);
    return [
        ...nameservers.map(({ name }): ZoneRecord => ({ name: domain, type: "NS", ttl, value: `${name}.` })),
        ...nameservers.map(({ name, node }) => addressRecord(inventory, name, node)),
    ];
}

function addressRecord({ nodes }: Inventory, name: string, node: string): ZoneRecord {
    const entry = nodes[node];
    return { name, type: "A", ttl, value: entry === undefined ? "" : endpointAddress(node, entry) };
}

function parentOf(domain: string, domains: readonly string[]): string | undefined {
    return zoneOf(domain.slice(domain.indexOf(".") + 1), domains);
}
