/** The lab's topology: data and pure functions. Picture and figures in README.md. */

/** A side of the home router. */
export type Segment = "home" | "internet";

/** A machine of the lab: Debian 13 in a network namespace of its own. */
export interface Machine {
    readonly name: string;
    readonly segment: Segment;
    readonly address: string;
    /** Started by `up`; the others only by `power on`. */
    readonly inUp: boolean;
}

/** Every namespace name starts with this; nothing else on a host should. */
export const NAMESPACE_PREFIX = "se-";

export const MACHINES: readonly Machine[] = [
    { name: "gematria", segment: "internet", address: "203.0.113.10", inUp: true },
    { name: "alice", segment: "home", address: "192.168.8.11", inUp: true },
    { name: "cecilia", segment: "home", address: "192.168.8.12", inUp: true },
    { name: "box", segment: "home", address: "192.168.8.20", inUp: false },
    { name: "crate", segment: "home", address: "192.168.8.21", inUp: false },
];

/** Addresses of the services, all on the internet segment's bridge. */
export const SERVICES = { dns: "203.0.113.53", acme: "203.0.113.2", artifacts: "203.0.113.3" } as const;

/** Where the operator stands: at home, behind the same router as the boxes. */
export const OPERATOR = { name: "operator", segment: "home", address: "192.168.8.50" } as const;

/** The home router's two sides. */
export const ROUTER = { lan: "192.168.8.1", wan: "203.0.113.20" } as const;

const INTERNET_GATEWAY = "203.0.113.1";
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
/** Domain that the fleet serves itself: its names are asked from gematria. */
export const DELEGATED = { domain: "dev.example", server: "203.0.113.10" } as const;

/** Name of a network namespace. */
export function namespaceOf(name: string): string {
    return `${NAMESPACE_PREFIX}${name}`;
}

/**
 * The machine of a name.
 * @throws Error listing the machines there are.
 */
export function machineNamed(name: string): Machine {
    const found = MACHINES.find((machine) => machine.name === name);
    if (found === undefined)
        throw new Error(
            `There is no machine "${name}" in the lab. Machines: ${MACHINES.map((machine) => machine.name).join(", ")}.`,
        );
    return found;
}

/** Arguments of `ip` for a namespace whose loopback is up. */
export function namespaceCommands(namespace: string): string[][] {
    return [
        ["netns", "add", namespace],
        ["-n", namespace, "link", "set", "lo", "up"],
    ];
}

function gatewayOf(segment: Segment): string {
    return segment === "home" ? ROUTER.lan : INTERNET_GATEWAY;
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

function bridgeCommands(segment: Segment, addresses: readonly string[]): string[][] {
    const namespace = bridgeOf(segment);
    return [
        ...namespaceCommands(namespace),
        ["-n", namespace, "link", "add", "bridge", "type", "bridge", "forward_delay", "0"],
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

/** Arguments of `ip` that build both segments, the home router between them and the operator's place. */
export function networkCommands(): string[][] {
    const [home, internet, operator] = [bridgeOf("home"), bridgeOf("internet"), namespaceOf(OPERATOR.name)];
    return [
        ...bridgeCommands("internet", [INTERNET_GATEWAY, ...Object.values(SERVICES)]),
        // Whoever asks for an address that the lab has not is told so at once, as a real network would.
        ["-n", internet, "route", "add", "unreachable", "default"],
        ...bridgeCommands("home", [ROUTER.lan]),
        ["-n", internet, "link", "add", portOf("home"), "type", "veth", "peer", "name", "wan", "netns", home],
        ["-n", internet, "link", "set", portOf("home"), "master", "bridge", "up"],
        ["-n", home, "address", "add", `${ROUTER.wan}/${PREFIX_LENGTH}`, "dev", "wan"],
        ["-n", home, "link", "set", "wan", "up"],
        ["-n", home, "route", "add", "default", "via", INTERNET_GATEWAY],
        ...namespaceCommands(operator),
        ...plugCommands(OPERATOR),
    ];
}

/** nftables rules of the home router: everything goes out under its one address, nothing comes in that was not asked for. */
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
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "wan" masquerade
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
        `--server=/${DELEGATED.domain}/${DELEGATED.server}`,
    ];
}
