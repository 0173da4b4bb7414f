import { INTERNET_GATEWAY, bridgeOf, hardwareAddressOf, namespaceCommands, namespaceOf, portOf } from "../plan";
import type { Machine } from "../plan";
import { networkOf } from "./ranges";

/** How the machine behind a droplet is wired, beside its own public address on eth0. */
export interface Wires {
    /** Second address on eth0: what a reserved address is translated to. */
    readonly anchor: string;
    /** Address on eth1, and the range of the private network that it is in. */
    readonly vpc: { readonly address: string; readonly range: string };
    /** The reserved address that leads here. */
    readonly reserved?: string;
}

/** A droplet's way to itself: anchors have a gateway of their own. */
const ANCHOR_GATEWAY = "10.19.0.1";
const [PUBLIC_LENGTH, ANCHOR_LENGTH] = [24, 16];

/** Name of the outer end of a droplet's second cable. */
export function vpcPortOf(name: string): string {
    return `v-${name}`;
}

function cable(port: string, inner: string, address: string, namespace: string): string[][] {
    const internet = bridgeOf("internet");
    const peer = ["peer", "name", inner, "address", hardwareAddressOf(address), "netns", namespace];
    return [
        ["-n", internet, "link", "add", port, "type", "veth", ...peer],
        ["-n", internet, "link", "set", port, "up"],
        ["-n", namespace, "link", "set", inner, "up"],
    ];
}

/** Arguments of `ip` after which a reserved address leads to a droplet. */
export function reservedCommand(name: string, address: string, reserved: string): string[] {
    return [
        "-n",
        bridgeOf("internet"),
        "route",
        "replace",
        `${reserved}/32`,
        "via",
        address,
        "dev",
        portOf(name),
        "onlink",
    ];
}

/**
 * Arguments of `ip` that wire a droplet. Its cables end in the internet's namespace, not at its bridge: every packet is routed
 * there, where the provider's firewall and the translation of reserved addresses are out of the machine's reach.
 */
export function dropletCommands(machine: Machine, wires: Wires): string[][] {
    const { name, address } = machine;
    const [internet, namespace] = [bridgeOf("internet"), namespaceOf(name)];
    const { vpc, anchor, reserved } = wires;
    const inside = (at: string, device: string): string[] => ["-n", namespace, "address", "add", at, "dev", device];
    return [
        ...namespaceCommands(namespace),
        ...cable(portOf(name), "eth0", address, namespace),
        ...cable(vpcPortOf(name), "eth1", vpc.address, namespace),
        inside(`${address}/${PUBLIC_LENGTH}`, "eth0"),
        inside(`${anchor}/${ANCHOR_LENGTH}`, "eth0"),
        inside(`${vpc.address}/${networkOf(vpc.range).prefix}`, "eth1"),
        ["-n", namespace, "route", "add", "default", "via", INTERNET_GATEWAY],
        ["-n", internet, "address", "add", ANCHOR_GATEWAY, "peer", anchor, "dev", portOf(name)],
        ["-n", internet, "route", "replace", address, "dev", portOf(name), "src", INTERNET_GATEWAY],
        ["-n", internet, "route", "replace", vpc.address, "dev", vpcPortOf(name)],
        ...(reserved === undefined ? [] : [reservedCommand(name, address, reserved)]),
    ];
}

/** Settings of the internet's namespace for an interface behind which others are asked for: it answers for them, and at once. */
export function proxySettings(device: string): string[] {
    return [`net.ipv4.conf.${device}.proxy_arp=1`, `net.ipv4.neigh.${device}.proxy_delay=0`];
}
