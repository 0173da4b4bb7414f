import { isOn } from "./machine";
import { HOMES, MACHINES, ROUTERS, bridgeOf, isHome, namespaceOf } from "./plan";
import type { Home } from "./plan";
import { inNamespace, run } from "./shell";

/** What lies between the homes' routers: of the range for documentation (RFC 3849), like all IPv6 of the lab. */
const BETWEEN = "2001:db8:203:";

/** A home's IPv6 network: 2001:db8:N::/64 where its LAN is 192.168.N.0/24. */
export function network6(home: Home): string {
    return `2001:db8:${ROUTERS[home].lan.split(".")[2] ?? ""}::/64`;
}

/** An address of a home's network that ends as the one of its LAN does. */
export function address6(home: Home, address: string): string {
    return network6(home).replace("/64", lastOf(address));
}

function lastOf(address: string): string {
    return address.split(".").at(-1) ?? "";
}

/**
 * Arguments of `ip` that give a home's router IPv6, and its machines that are on. Nobody translates, and the router's rules
 * hold: what was not asked for does not come in.
 * @param machines address on the LAN, by name
 */
export function ipv6Commands(home: Home, machines: Readonly<Record<string, string>>): string[][] {
    const router = ["-n", bridgeOf(home), "-6"];
    const { lan, wan } = ROUTERS[home];
    const others = HOMES.filter((other) => other !== home);
    return [
        [...router, "address", "replace", `${address6(home, lan)}/64`, "dev", "bridge", "nodad"],
        [...router, "address", "replace", `${BETWEEN}:${lastOf(wan)}/64`, "dev", "wan", "nodad"],
        ...others.map((other) => {
            const via = `${BETWEEN}:${lastOf(ROUTERS[other].wan)}`;
            return [...router, "route", "replace", network6(other), "via", via];
        }),
        ...Object.entries(machines).flatMap(([name, address]) => {
            const machine = ["-n", namespaceOf(name), "-6"];
            return [
                [...machine, "address", "replace", `${address6(home, address)}/64`, "dev", "eth0", "nodad"],
                [...machine, "route", "replace", "default", "via", address6(home, lan)],
            ];
        }),
    ];
}

/**
 * Gives a home IPv6, until its power goes: its router, and the machines that are on. Homes that have it reach each other.
 * @throws Error for a home that the lab does not know.
 */
export function giveIpv6(home: string): void {
    if (!isHome(home)) throw new Error(`There is no home "${home}" in the lab. Homes: ${HOMES.join(", ")}.`);
    const on = MACHINES.filter(({ segment, name }) => segment === home && isOn(name));
    run(inNamespace(bridgeOf(home), ["sysctl", "-qw", "net.ipv6.conf.all.forwarding=1"]));
    const machines = Object.fromEntries(on.map(({ name, address }) => [name, address]));
    for (const command of ipv6Commands(home, machines)) run(["ip", ...command]);
}
