import {
    HOMES,
    OPERATORS,
    bridgeOf,
    isHome,
    namespaceOf,
    portOf,
    visitCommands,
    visitPortOf,
    wanCommands,
} from "./plan";
import { machineNamed } from "./roster";
import type { Home, Segment } from "./plan";
import { ask, inNamespace, run } from "./shell";

function homeNamed(name: string): Home {
    if (isHome(name)) return name;
    throw new Error(`There is no home "${name}" in the lab. Homes: ${HOMES.join(", ")}.`);
}

function ip(...command: string[]): void {
    run(["ip", ...command]);
}

function nft(namespace: string, rules: string): void {
    run(inNamespace(namespace, ["nft", "-f", "-"]), { input: rules });
}

/** What the router noted of connections under its address goes with the address, so that a change of rules is in force at once. */
function setWan(home: Home, address: string): void {
    for (const command of wanCommands(home, address)) ip(...command);
}

function wanOf(home: Home): string {
    const [, address] = /inet ([\d.]+)/.exec(run(["ip", "-n", bridgeOf(home), "address", "show", "dev", "wan"])) ?? [];
    if (address === undefined) throw new Error(`The router of ${home} has no address.`);
    return address;
}

/**
 * Cuts a home off from the internet, or joins it again.
 * @throws Error for an action or a home that the lab does not know.
 */
export function setLink(action: string, segment: string): void {
    const home = homeNamed(segment);
    if (action !== "cut" && action !== "restore") throw new Error(`Link "${action}"? It is cut or restore.`);
    ip("-n", bridgeOf("internet"), "link", "set", portOf(home), action === "cut" ? "down" : "up");
}

/**
 * Lays a cable from the operator's place into another home's LAN, so that its machines can be dialled, or takes it away.
 * @throws Error for an action or a home that the lab does not know.
 */
export function setCable(action: string, segment: string): void {
    const home = homeNamed(segment);
    if (action !== "add" && action !== "remove") throw new Error(`Cable "${action}"? It is add or remove.`);
    ask(["ip", "-n", namespaceOf(OPERATORS[0].name), "link", "delete", visitPortOf(home)]);
    if (action === "add") for (const command of visitCommands(home)) ip(...command);
}

/**
 * Gives a home another public address, as a provider does over night; connections under the old one are lost.
 * @throws Error for a home that the lab does not know and for an address outside 203.0.113.0/24.
 */
export function setPublicAddress(segment: string, address: string): void {
    if (!/^203\.0\.113\.\d{1,3}$/.test(address))
        throw new Error(`"${address}" is no address of the lab's internet, 203.0.113.0/24.`);
    setWan(homeNamed(segment), address);
}

/**
 * Chooses how a home's router makes source ports: `cone` keeps a sender's own where it can, `symmetric` draws one for
 * every connection. Connections that were there are lost, as with a router's restart.
 * @throws Error for a kind or a home that the lab does not know.
 */
export function setNat(segment: string, kind: string): void {
    const home = homeNamed(segment);
    if (kind !== "cone" && kind !== "symmetric") throw new Error(`NAT "${kind}"? It is cone or symmetric.`);
    const how = kind === "cone" ? "masquerade" : "masquerade fully-random";
    nft(
        bridgeOf(home),
        `flush chain inet router postrouting\nadd rule inet router postrouting meta nfproto ipv4 oifname "wan" ${how}\n`,
    );
    setWan(home, wanOf(home));
}

/**
 * Limits the packets between a home and the internet to a size, without a word to who sent a larger one: both ways of the
 * cable are that narrow, and only the router says so to its own side.
 * @throws Error for a home that the lab does not know and for a size that is not 576 to 1500 bytes.
 */
export function setMtu(segment: string, bytes: string): void {
    const home = homeNamed(segment);
    if (!/^\d+$/.test(bytes) || Number(bytes) < 576 || Number(bytes) > 1500)
        throw new Error(`"${bytes}" is no MTU: bytes, 576 to 1500.`);
    ip("-n", bridgeOf(home), "link", "set", "wan", "mtu", bytes);
    ip("-n", bridgeOf("internet"), "link", "set", portOf(home), "mtu", bytes);
}

/** Puts rules where a segment's packets leave its bridge, instead of those of the same name; none takes them away. A droplet is not at the bridge. */
function setRules(
    name: string,
    segment: Segment,
    rules: readonly string[],
    family: "bridge" | "inet" = "bridge",
): void {
    const namespace = bridgeOf(segment);
    ask(inNamespace(namespace, ["nft", "delete", "chain", family, "trouble", name]));
    if (rules.length === 0) return;
    const body = ["type filter hook postrouting priority filter;", ...rules].join("\n  ");
    nft(namespace, `table ${family} trouble {\n chain ${name} {\n  ${body}\n }\n}\n`);
}

/**
 * Drops what comes to a machine at a UDP port, as a provider's filter does; without a port it lets all through again.
 * @throws Error for a machine or a port that there is not.
 */
export function setBlock(machine: string, port: string | undefined): void {
    const { name, segment, droplet } = machineNamed(machine);
    if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new Error(`"${port}" is no port.`);
    const rules = port === undefined ? [] : [`oifname "${portOf(name)}" udp dport ${port} drop`];
    setRules(`block-${name}`, segment, rules, droplet === undefined ? "bridge" : "inet");
}

/**
 * Loses a share of the packets between a home and the internet, each way.
 * @throws Error for a home that the lab does not know and for a share that is not 0 to 90 percent.
 */
export function setLoss(segment: string, percent: string): void {
    const home = homeNamed(segment);
    if (!/^\d{1,2}$/.test(percent) || Number(percent) > 90)
        throw new Error(`"${percent}" is no share of packets: percent, 0 to 90.`);
    const port = portOf(home);
    const ways = ["iifname", "oifname"].map((side) => `${side} "${port}" numgen random mod 100 < ${percent} drop`);
    setRules(`loss-${home}`, "internet", percent === "0" ? [] : ways);
}
