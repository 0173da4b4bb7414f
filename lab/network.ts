import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
    HOMES,
    NAMESPACE_PREFIX,
    OPERATORS,
    RESOLV_CONF,
    SEGMENTS,
    bridgeOf,
    namespaceCommands,
    namespaceOf,
    networkCommands,
    plugCommands,
    portOf,
    ROUTER_SETTINGS,
    routerRules,
} from "./plan";
import type { Machine } from "./plan";
import { dropletCommands, proxySettings, vpcPortOf } from "./cloud/wires";
import type { Wires } from "./cloud/wires";
import { RUN } from "./paths";
import { ask, inNamespace, run } from "./shell";

const NAMESPACES = "/run/netns";
/** Folders of files that `ip netns exec` lays over the host's own for an operator. */
const OPERATOR_ETC = OPERATORS.map(({ name }) => `/etc/netns/${namespaceOf(name)}`);

/** What the network was built from. */
const PLANNED = join(RUN, "network.json");

/** Names of the lab's network namespaces that exist. */
export function labNamespaces(): string[] {
    return existsSync(NAMESPACES) ? readdirSync(NAMESPACES).filter((name) => name.startsWith(NAMESPACE_PREFIX)) : [];
}

/** Inode of a network namespace: what /proc/PID/ns/net points at; undefined when it does not exist. */
export function namespaceInode(namespace: string): number | undefined {
    return statSync(join(NAMESPACES, namespace), { throwIfNoEntry: false })?.ino;
}

/** Whether the host had the directory of named namespaces mounted; `ip netns add` leaves it so. */
export function namespacesMounted(): boolean {
    return readFileSync("/proc/self/mountinfo", "utf8").includes(` ${NAMESPACES} `);
}

function ip(commands: readonly string[][]): void {
    for (const command of commands) run(["ip", ...command]);
}

/**
 * Whether the segments, the routers and the operators' places are there, as these files want them: not one that an earlier
 * version of the lab built. What the operators see is built last.
 */
export function networkIsUp(): boolean {
    const places = [...SEGMENTS, ...OPERATORS.map(({ name }) => name)];
    return (
        places.every((name) => namespaceInode(namespaceOf(name)) !== undefined) &&
        OPERATOR_ETC.every((folder) => existsSync(folder)) &&
        existsSync(PLANNED) &&
        readFileSync(PLANNED, "utf8") === planned()
    );
}

/** What `buildNetwork` makes, as a text to compare. */
function planned(): string {
    return JSON.stringify([networkCommands(), ROUTER_SETTINGS, routerRules(), RESOLV_CONF]);
}

/** Builds every segment and router; what an interrupted start or another version left is replaced. */
export function buildNetwork(): void {
    for (const namespace of labNamespaces()) run(["ip", "netns", "delete", namespace]);
    ip(networkCommands());
    for (const segment of SEGMENTS) {
        // -e: a kernel without br_netfilter knows nothing of it.
        run(inNamespace(bridgeOf(segment), ["sysctl", "-qew", ...ROUTER_SETTINGS]));
    }
    run(inNamespace(bridgeOf("internet"), ["sysctl", "-qw", ...proxySettings("bridge")]));
    for (const home of HOMES) run(inNamespace(bridgeOf(home), ["nft", "-f", "-"]), { input: routerRules() });
    OPERATOR_ETC.forEach(writeOperatorFiles);
    writeFileSync(PLANNED, planned());
}

function writeOperatorFiles(folder: string): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "resolv.conf"), RESOLV_CONF);
    // Hosts with systemd-resolved would otherwise answer from the real internet.
    writeFileSync(join(folder, "nsswitch.conf"), "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n");
}

/** Gives a machine a fresh namespace and plugs its cable in: nothing that it set in its network outlives its power. */
export function plugMachine(machine: Machine): void {
    removePlug(machine);
    if (machine.droplet === undefined) ip([...namespaceCommands(namespaceOf(machine.name)), ...plugCommands(machine)]);
    else plugDroplet(machine, machine.droplet);
}

function plugDroplet(machine: Machine, wires: Wires): void {
    ip(dropletCommands(machine, wires));
    const ports = [portOf(machine.name), vpcPortOf(machine.name)];
    run(inNamespace(bridgeOf("internet"), ["sysctl", "-qw", ...ports.flatMap(proxySettings)]));
}

/** Takes a machine's cables and namespace away. */
export function removePlug(machine: Machine): void {
    const namespace = namespaceOf(machine.name);
    const ports = [portOf(machine.name), ...(machine.droplet === undefined ? [] : [vpcPortOf(machine.name)])];
    for (const port of ports) ask(["ip", "-n", bridgeOf(machine.segment), "link", "delete", port]);
    if (namespaceInode(namespace) !== undefined) run(["ip", "netns", "delete", namespace]);
}

/** Pulls a machine's cables. */
export function unplugMachine(machine: Machine): void {
    if (machine.droplet !== undefined)
        ask(["ip", "-n", bridgeOf(machine.segment), "link", "set", vpcPortOf(machine.name), "down"]);
    ask(["ip", "-n", bridgeOf(machine.segment), "link", "set", portOf(machine.name), "down"]);
}

/** Removes every namespace of the lab, and the directory of namespaces when the host had none before. */
export function removeNetwork(mountedBefore: boolean): void {
    for (const namespace of labNamespaces()) run(["ip", "netns", "delete", namespace]);
    for (const folder of OPERATOR_ETC) rmSync(folder, { recursive: true, force: true });
    removeIfEmpty("/etc/netns");
    if (mountedBefore || !namespacesMounted() || readdirSync(NAMESPACES).length > 0) return;
    run(["umount", NAMESPACES]);
    removeIfEmpty(NAMESPACES);
}

function removeIfEmpty(directory: string): void {
    if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
}
