/** The lab's topology: data and pure functions. Picture and figures in README.md. */

import type { Wires } from "./cloud/wires";

/** A LAN behind a router of its own. */
export type Home = "home" | "cabin" | "office";
/** A network of the lab: one of the homes, or what is outside of them. */
export type Segment = Home | "internet";

/** A machine of the lab: Debian 13 in a network namespace of its own. */
export interface Machine {
    readonly name: string;
    readonly segment: Segment;
    readonly address: string;
    /** Started by `up`; the others only by `power on`. */
    readonly inUp: boolean;
    /** How a machine behind a droplet is wired; absent for the others. */
    readonly droplet?: Wires;
}

/** Every namespace name starts with this; nothing else on a host should. */
export const NAMESPACE_PREFIX = "se-";

export const MACHINES: readonly Machine[] = [
    { name: "alice", segment: "home", address: "192.168.8.11", inUp: true },
    { name: "cecilia", segment: "home", address: "192.168.8.12", inUp: true },
    { name: "box", segment: "home", address: "192.168.8.20", inUp: false },
    { name: "crate", segment: "home", address: "192.168.8.21", inUp: false },
    { name: "anastasia", segment: "internet", address: "203.0.113.11", inUp: false },
    { name: "octavia", segment: "cabin", address: "192.168.9.11", inUp: false },
    { name: "lucidia", segment: "cabin", address: "192.168.9.12", inUp: false },
    { name: "aria", segment: "office", address: "192.168.10.11", inUp: false },
    { name: "drawer", segment: "office", address: "192.168.10.12", inUp: false },
];

/** Addresses of the services, all on the internet segment's bridge. */
export const SERVICES = {
    dns: "203.0.113.53",
    acme: "203.0.113.2",
    artifacts: "203.0.113.3",
    cloud: "203.0.113.4",
} as const;

/** Where an operator stands: one at home, behind the same router as the boxes, one on the internet. */
export const OPERATORS = [
    { name: "operator", segment: "home", address: "192.168.8.50" },
    { name: "roamer", segment: "internet", address: "203.0.113.50" },
] as const;

/** Both sides of each home's router. */
export const ROUTERS: Readonly<Record<Home, { readonly lan: string; readonly wan: string }>> = {
    home: { lan: "192.168.8.1", wan: "203.0.113.20" },
    cabin: { lan: "192.168.9.1", wan: "203.0.113.21" },
    office: { lan: "192.168.10.1", wan: "203.0.113.22" },
};
/** The homes by name. */
export const HOMES = Object.keys(ROUTERS) as readonly Home[];
/** Whether a name is that of a home. */
export function isHome(name: string): name is Home {
    return name in ROUTERS;
}
/** Every network of the lab. */
export const SEGMENTS: readonly Segment[] = ["internet", ...HOMES];

/** Router of the internet segment. */
export const INTERNET_GATEWAY = "203.0.113.1";
const PREFIX_LENGTH = 24;

/** Names that the artifact and package server answers for. */
export const ARTIFACT_HOSTS: readonly string[] = [
    "packages.lab.example",
    "github.com",
    "release-assets.githubusercontent.com",
    "huggingface.co",
];
/** Name of the ACME server. */
export const ACME_HOST = "acme.lab.example";
/** The emulated cloud provider's API: its name, the only token that it takes (worthless), and where droplets ask about themselves. */
export const CLOUD = {
    host: "api.digitalocean.com",
    token: "dop_v1_of-the-lab-and-worthless",
    metadata: "169.254.169.254",
} as const;
/** Domain that the fleet serves itself: its names are asked from gematria, whose droplet gets the first reserved address of nyc3. */
export const DELEGATED = { domain: "dev.example", server: "203.0.113.10" } as const;

/** Name of a network namespace. */
export function namespaceOf(name: string): string {
    return `${NAMESPACE_PREFIX}${name}`;
}

/** Arguments of `ip` for a namespace whose loopback is up. */
export function namespaceCommands(namespace: string): string[][] {
    return [
        ["netns", "add", namespace],
        ["-n", namespace, "link", "set", "lo", "up"],
    ];
}

function gatewayOf(segment: Segment): string {
    return segment === "internet" ? INTERNET_GATEWAY : ROUTERS[segment].lan;
}

/** Name of the bridge's end of a cable. */
export function portOf(name: string): string {
    return `p-${name}`;
}

/** Name of the namespace that holds a segment's bridge. */
export function bridgeOf(segment: Segment): string {
    return namespaceOf(segment);
}

/** The network card's address: a machine keeps it over its power cycles, or its neighbours would talk to the old one for seconds. */
export function hardwareAddressOf(address: string): string {
    return ["02:00", ...address.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"))].join(":");
}

/** Arguments of `ip` that plug a namespace into its segment. Both ends of the cable are born inside namespaces: the host never sees one. */
export function plugCommands(plug: { name: string; segment: Segment; address: string }): string[][] {
    const [namespace, bridge, port] = [namespaceOf(plug.name), bridgeOf(plug.segment), portOf(plug.name)];
    return [
        [
            "-n",
            bridge,
            "link",
            "add",
            port,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "address",
            hardwareAddressOf(plug.address),
            "netns",
            namespace,
        ],
        ["-n", bridge, "link", "set", port, "master", "bridge", "up"],
        ["-n", namespace, "address", "add", `${plug.address}/${PREFIX_LENGTH}`, "dev", "eth0"],
        ["-n", namespace, "link", "set", "eth0", "up"],
        ["-n", namespace, "route", "add", "default", "via", gatewayOf(plug.segment)],
    ];
}

/** Name of the operator's end of a cable into another home. */
export function visitPortOf(home: Home): string {
    return `to-${home}`;
}

/** Arguments of `ip` that lay a cable from the operator's place into another home's LAN, where it gets the address .50. */
export function visitCommands(home: Home): string[][] {
    const [bridge, operator, port] = [bridgeOf(home), namespaceOf(OPERATORS[0].name), portOf(`op-${home}`)];
    const address = ROUTERS[home].lan.replace(/\d+$/, "50");
    return [
        ["-n", bridge, "link", "add", port, "type", "veth", "peer", "name", visitPortOf(home), "netns", operator],
        ["-n", bridge, "link", "set", port, "master", "bridge", "up"],
        ["-n", operator, "address", "add", `${address}/${PREFIX_LENGTH}`, "dev", visitPortOf(home)],
        ["-n", operator, "link", "set", visitPortOf(home), "up"],
    ];
}

function bridgeCommands(segment: Segment, addresses: readonly string[]): string[][] {
    const namespace = bridgeOf(segment);
    // A bridge that is not told takes the lowest of its ports' addresses: it would have another one after each power cut.
    const card = hardwareAddressOf(addresses[0] ?? "");
    return [
        ...namespaceCommands(namespace),
        ["-n", namespace, "link", "add", "bridge", "address", card, "type", "bridge", "forward_delay", "0"],
        ...addresses.map((address) => [
            "-n",
            namespace,
            "address",
            "add",
            `${address}/${PREFIX_LENGTH}`,
            "dev",
            "bridge",
        ]),
        ["-n", namespace, "link", "set", "bridge", "up"],
    ];
}

/** Arguments of `ip` that give a home's router its address on the internet, and its way there. */
export function wanCommands(home: Home, address: string): string[][] {
    const namespace = bridgeOf(home);
    return [
        ["-n", namespace, "-4", "address", "flush", "dev", "wan"],
        ["-n", namespace, "address", "add", `${address}/${PREFIX_LENGTH}`, "dev", "wan"],
        ["-n", namespace, "route", "replace", "default", "via", INTERNET_GATEWAY],
    ];
}

function homeCommands(home: Home): string[][] {
    const [namespace, internet, { lan, wan }] = [bridgeOf(home), bridgeOf("internet"), ROUTERS[home]];
    return [
        ...bridgeCommands(home, [lan]),
        ["-n", internet, "link", "add", portOf(home), "type", "veth", "peer", "name", "wan", "netns", namespace],
        ["-n", internet, "link", "set", portOf(home), "master", "bridge", "up"],
        ["-n", namespace, "link", "set", "wan", "up"],
        ...wanCommands(home, wan),
    ];
}

/** Arguments of `ip` that build every segment, the routers between them and the operators' places. */
export function networkCommands(): string[][] {
    const internet = bridgeOf("internet");
    return [
        ...bridgeCommands("internet", [INTERNET_GATEWAY, ...Object.values(SERVICES)]),
        // Said once, or it would shrink to the narrowest of its ports; and the kernel hears only of a width that is another.
        ...["1400", "1500"].map((bytes) => ["-n", internet, "link", "set", "bridge", "mtu", bytes]),
        ["-n", internet, "address", "add", `${CLOUD.metadata}/32`, "dev", "bridge"],
        // Whoever asks for an address that the lab has not is told so at once, as a real network would.
        ["-n", internet, "route", "add", "unreachable", "default"],
        ...HOMES.flatMap(homeCommands),
        ...OPERATORS.flatMap((place) => [...namespaceCommands(namespaceOf(place.name)), ...plugCommands(place)]),
    ];
}

/**
 * Settings of a segment's router. What its bridge passes on from port to port is none of its rules' business (br_netfilter): a
 * packet that is flooded, because the bridge has not seen its machine yet, would be noted without translation, and all that
 * follow would go out with the address that they have in the home.
 */
export const ROUTER_SETTINGS: readonly string[] = [
    "net.ipv4.ip_forward=1",
    "net.bridge.bridge-nf-call-iptables=0",
    "net.bridge.bridge-nf-call-ip6tables=0",
];

/** nftables rules of a home's router: everything goes out under its one address, nothing comes in that was not asked for. */
export function routerRules(): string {
    return `table inet router {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "bridge" accept
    }
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iifname { "lo", "bridge" } accept
        meta l4proto ipv6-icmp accept
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        meta nfproto ipv4 oifname "wan" masquerade
    }
}
`;
}

/** The machines' and the operator's /etc/resolv.conf. dnsmasq does not pass a refusal on, so a name server that is down would cost each question 20 s. */
export const RESOLV_CONF = `nameserver ${SERVICES.dns}\noptions timeout:1 attempts:2\n`;

/** Arguments of dnsmasq. Nothing is remembered, neither answers nor their absence, so that a changed record is seen at once. */
export function dnsmasqArguments(): string[] {
    return [
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--pid-file=",
        "--user=root",
        "--no-resolv",
        "--no-hosts",
        "--no-negcache",
        "--cache-size=0",
        "--log-facility=-",
        "--bind-interfaces",
        "--except-interface=lo",
        `--listen-address=${SERVICES.dns}`,
        "--address=/#/",
        ...ARTIFACT_HOSTS.map((host) => `--host-record=${host},${SERVICES.artifacts}`),
        `--host-record=${ACME_HOST},${SERVICES.acme}`,
        `--host-record=${CLOUD.host},${SERVICES.cloud}`,
        `--server=/${DELEGATED.domain}/${DELEGATED.server}`,
    ];
}
