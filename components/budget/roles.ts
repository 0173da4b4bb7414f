import type { Inventory } from "../fleet/schema";
import { gatewayNodes } from "../fleet/artifacts";

/** What a role of the fleet itself takes on a node: estimates, for no maker publishes such figures. Bytes. */
export interface RoleCost {
    readonly node: string;
    readonly what: string;
    readonly memory: number;
    readonly disk: number;
    readonly path: readonly (string | number)[];
}

const mib = 2 ** 20;

/** Caddy on every edge or in front of the models, PowerDNS on every nameserver. */
export function roleCosts(inventory: Inventory): RoleCost[] {
    const { edge, dns } = inventory;
    const nameservers = dns === undefined ? [] : [...new Set([dns.primary, ...(dns.secondaries ?? [])])];
    return [
        ...gatewayNodes(inventory).map((node) => ({
            node,
            what: "caddy",
            memory: 96 * mib,
            disk: 60e6,
            path: edge === undefined ? ["models", "gateway"] : ["edge", "at"],
        })),
        ...nameservers.map((node) => ({
            node,
            what: "pdns",
            memory: 64 * mib,
            disk: 40e6,
            path: ["dns", node === dns?.primary ? "primary" : "secondaries"],
        })),
    ];
}
