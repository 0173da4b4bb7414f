import { CLOUD, portOf } from "../plan";
import type { Account, Droplet, Firewall, Rule, Target } from "./types";
import { vpcPortOf } from "./wires";

/** Name of the table in the internet's namespace. */
const TABLE = "cloud";

function set(values: readonly string[]): string {
    return `{ ${values.join(", ")} }`;
}

function portsOf(droplet: Droplet): string[] {
    return [portOf(droplet.machine), vpcPortOf(droplet.machine)].map((port) => `"${port}"`);
}

function firewallsOf(account: Account, droplet: Droplet): Firewall[] {
    return account.firewalls.filter(
        ({ dropletIds, tags }) => dropletIds.includes(droplet.id) || tags.some((tag) => droplet.tags.includes(tag)),
    );
}

function addressesOf(account: Account, target: Target): string[] {
    const named = account.droplets.filter(
        ({ id, tags }) =>
            (target.droplet_ids ?? []).includes(id) || (target.tags ?? []).some((tag) => tags.includes(tag)),
    );
    return [...(target.addresses ?? []), ...named.flatMap((droplet) => [droplet.address, droplet.privateAddress])];
}

function protocolOf({ protocol, ports }: Rule): string {
    if (protocol === "icmp") return "meta l4proto { icmp, ipv6-icmp }";
    return ports === "0" ? `meta l4proto ${protocol}` : `${protocol} dport ${ports}`;
}

function allow(account: Account, rule: Rule, side: "saddr" | "daddr"): string[] {
    const addresses = addressesOf(account, (side === "saddr" ? rule.sources : rule.destinations) ?? {});
    const families = [
        ["ip", addresses.filter((address) => !address.includes(":"))],
        ["ip6", addresses.filter((address) => address.includes(":"))],
    ] as const;
    return families
        .filter(([, members]) => members.length > 0)
        .map(([family, members]) => `${family} ${side} ${set(members)} ${protocolOf(rule)} return`);
}

function chain(name: string, lines: readonly string[]): string {
    return `    chain ${name} {\n${lines.map((line) => `        ${line}\n`).join("")}    }\n`;
}

/** Chains of a droplet that a firewall covers: what is listed returns, the rest is dropped. */
function wallOf(account: Account, droplet: Droplet): string {
    const walls = firewallsOf(account, droplet);
    const inbound = walls.flatMap((wall) => wall.inbound.flatMap((rule) => allow(account, rule, "saddr")));
    const outbound = walls.flatMap((wall) => wall.outbound.flatMap((rule) => allow(account, rule, "daddr")));
    return (
        chain(`to_${droplet.id}`, [...inbound, "drop"]) +
        chain(`from_${droplet.id}`, [`ip daddr ${CLOUD.metadata} return`, ...outbound, "drop"])
    );
}

/** A private network is one among its own members. */
function isolation(account: Account): string[] {
    return account.droplets.flatMap((droplet) => {
        const others = account.droplets.filter((other) => other.vpc === droplet.vpc && other !== droplet);
        const beyond =
            others.length === 0 ? "" : `oifname != ${set(others.map((one) => `"${vpcPortOf(one.machine)}"`))} `;
        return [`iifname "${vpcPortOf(droplet.machine)}" ${beyond}drop`];
    });
}

function translation(account: Account): { readonly in: string[]; readonly out: string[] } {
    const pairs = account.reservedIps.flatMap(({ ip, droplet: id }) => {
        const droplet = account.droplets.find((one) => one.id === id);
        return droplet === undefined ? [] : [{ ip, port: portOf(droplet.machine), anchor: droplet.anchor }];
    });
    return {
        in: pairs.map(({ ip, port, anchor }) => `iifname "${port}" ip saddr ${anchor} ip saddr set ${ip}`),
        out: pairs.map(({ ip, port, anchor }) => `oifname "${port}" ip daddr ${ip} ip daddr set ${anchor}`),
    };
}

/**
 * nftables rules of the internet's namespace for everything that the account says: firewalls (stateful, both ways), private
 * networks apart from each other, and reserved addresses. Their translation keeps no state, so that a connection follows an
 * address to its new droplet at once; connection tracking sees the reserved address both ways.
 */
export function cloudRules(account: Account): string {
    const walled = account.droplets.filter((droplet) => firewallsOf(account, droplet).length > 0);
    const from = walled.map((droplet) => `iifname ${set(portsOf(droplet))} jump from_${droplet.id}`);
    const to = walled.map((droplet) => `oifname ${set(portsOf(droplet))} jump to_${droplet.id}`);
    const { in: inward, out: outward } = translation(account);
    const known = "ct state established,related accept";
    return [
        `table inet ${TABLE} {}\ndelete table inet ${TABLE}\ntable inet ${TABLE} {\n`,
        ...walled.map((droplet) => wallOf(account, droplet)),
        chain("inward", ["type filter hook prerouting priority raw;", ...inward]),
        chain("outward", ["type filter hook postrouting priority 300;", ...outward]),
        chain("forward", [
            "type filter hook forward priority filter;",
            ...isolation(account),
            'iifname != "v-*" oifname "v-*" drop',
            known,
            ...from,
            ...to,
        ]),
        chain("input", ["type filter hook input priority filter;", 'iifname "v-*" drop', known, ...from]),
        chain("output", ["type filter hook output priority filter;", known, ...to]),
        "}\n",
    ].join("");
}
