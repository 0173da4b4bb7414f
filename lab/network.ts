import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
    NAMESPACE_PREFIX,
    RESOLV_CONF,
    bridgeOf,
    namespaceCommands,
    namespaceOf,
    networkCommands,
    plugCommands,
    portOf,
    routerRules,
} from "./plan";
import type { Machine } from "./plan";
import { ask, inNamespace, run } from "./shell";

const NAMESPACES = "/run/netns";
/** Files that `ip netns exec` lays over the host's own for the operator. */
const OPERATOR_ETC = `/etc/netns/${namespaceOf("operator")}`;

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

/** Whether the segments, the router and the operator's place are there. They are built in one go and the operator's place last but one. */
export function networkIsUp(): boolean {
    return (
        ["internet", "home", "operator"].every((name) => namespaceInode(namespaceOf(name)) !== undefined) &&
        existsSync(OPERATOR_ETC)
    );
}

/** Builds both segments and the router; what an interrupted start left is replaced. */
export function buildNetwork(): void {
    for (const namespace of labNamespaces()) run(["ip", "netns", "delete", namespace]);
    ip(networkCommands());
    for (const segment of ["internet", "home"] as const) {
        run(inNamespace(bridgeOf(segment), ["sysctl", "-qw", "net.ipv4.ip_forward=1"]));
    }
    run(inNamespace(bridgeOf("home"), ["nft", "-f", "-"]), { input: routerRules() });
    mkdirSync(OPERATOR_ETC, { recursive: true });
    writeFileSync(join(OPERATOR_ETC, "resolv.conf"), RESOLV_CONF);
    // Hosts with systemd-resolved would otherwise answer from the real internet.
    writeFileSync(
        join(OPERATOR_ETC, "nsswitch.conf"),
        "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
    );
}

/** Gives a machine a fresh namespace and plugs its cable in: nothing that it set in its network outlives its power. */
export function plugMachine(machine: Machine): void {
    const namespace = namespaceOf(machine.name);
    ask(["ip", "-n", bridgeOf(machine.segment), "link", "delete", portOf(machine.name)]);
    if (namespaceInode(namespace) !== undefined) run(["ip", "netns", "delete", namespace]);
    ip([...namespaceCommands(namespace), ...plugCommands(machine)]);
}

/** Pulls a machine's cable. */
export function unplugMachine(machine: Machine): void {
    ask(["ip", "-n", bridgeOf(machine.segment), "link", "set", portOf(machine.name), "down"]);
}

/** Removes every namespace of the lab, and the directory of namespaces when the host had none before. */
export function removeNetwork(mountedBefore: boolean): void {
    for (const namespace of labNamespaces()) run(["ip", "netns", "delete", namespace]);
    rmSync(OPERATOR_ETC, { recursive: true, force: true });
    removeIfEmpty("/etc/netns");
    if (mountedBefore || !namespacesMounted() || readdirSync(NAMESPACES).length > 0) return;
    run(["umount", NAMESPACES]);
    removeIfEmpty(NAMESPACES);
}

function removeIfEmpty(directory: string): void {
    if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory);
}
