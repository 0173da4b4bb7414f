import type { NodeFirewall, Opening } from "./node";

/** Of the interfaces that container engines and virtual machines make: `docker0` and `br-…` (Docker), `podman…`, `cni…`, `virbr…` (libvirt), `lxdbr…`. */
const containerLinks = ["docker0", "br-*", "podman*", "cni*", "virbr*", "lxdbr*"];

/** A connection that is known goes on; a packet that fits none does not. */
const known = "ct state vmap { established : accept, related : accept, invalid : drop }";

/**
 * The rules of a node in the language of nft(8): one table of our own, replaced as a whole in one transaction, so that no
 * packet ever meets half of it. The first two lines make `delete` work whether the table is there or not.
 */
export function firewallRules(firewall: NodeFirewall): string {
    return [
        "# Of sovereign-edge: what the inventory lets in. Other tables are left alone.",
        "table inet sovereign_edge",
        "delete table inet sovereign_edge",
        "",
        "table inet sovereign_edge {",
        ...chain("input", inputRules()),
        ...chain("forward", forwardRules(firewall)),
        ...chain("essential", essentialRules(firewall)),
        ...chain("allowed", allowedRules(firewall)),
        ...(firewall.lan.length === 0 ? [] : chain("lan", firewall.lan.flatMap(openingRules))),
        ...(firewall.tunnel === undefined ? [] : chain("mesh", meshRules(firewall))),
        "}",
        "",
    ].join("\n");
}

function chain(name: string, rules: readonly string[]): string[] {
    return [`    chain ${name} {`, ...rules.map((rule) => `        ${rule}`), "    }"];
}

function inputRules(): string[] {
    return [
        "type filter hook input priority filter; policy drop;",
        known,
        'iifname "lo" accept',
        "jump essential",
        "jump allowed",
    ];
}

/**
 * Before the rules of Docker and podman, which stay in force: a port that they publish is judged like one of the node's
 * own, by the port that was asked for.
 */
function forwardRules({ relays }: NodeFirewall): string[] {
    return [
        "type filter hook forward priority filter - 10; policy drop;",
        known,
        "ct status dnat jump allowed",
        ...(relays ? ['iifname "wg0" oifname "wg0" accept comment "relay"'] : []),
        ...containerLinks.map((name) => `iifname "${name}" accept`),
    ];
}

/** What an address needs to work at all: errors and echo (RFC 1122 §3.2.2, RFC 4890 §4.4), neighbours, leases, tunnels. */
function essentialRules({ tunnel }: NodeFirewall): string[] {
    return [
        "icmp type { destination-unreachable, time-exceeded, parameter-problem, echo-request } accept",
        "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } accept",
        // A neighbour's message crosses no router: RFC 4861 §11.2 has the hop limit prove it.
        "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept",
        "ip6 saddr fe80::/10 icmpv6 type { mld-listener-query, mld-listener-report, mld2-listener-report } accept",
        "udp sport 67 udp dport 68 accept",
        "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
        ...(tunnel === undefined ? [] : [`udp dport ${tunnel} accept comment "wireguard"`]),
    ];
}

function allowedRules({ internet, ranges, lan, tunnel }: NodeFirewall): string[] {
    return [
        ...internet.flatMap(openingRules),
        // Who comes through the tunnel is in no LAN, whatever the address.
        ...(tunnel === undefined ? [] : ['iifname "wg0" goto mesh']),
        ...(lan.length === 0
            ? []
            : [`ip saddr { ${ranges.ipv4.join(", ")} } goto lan`, `ip6 saddr { ${ranges.ipv6.join(", ")} } goto lan`]),
    ];
}

/** Nodes of the fleet are told at once that a port is not for them: a change is confirmed by what peers answer. */
function meshRules({ mesh }: NodeFirewall): string[] {
    return [...mesh.flatMap(openingRules), "meta l4proto tcp reject with tcp reset", "reject"];
}

/** By the port that was asked for, which a rule of DNAT may have changed since. */
function openingRules({ protocol, port, what, from }: Opening): string[] {
    const rule = `meta l4proto ${protocol} ct original proto-dst ${port} accept comment "${what}"`;
    if (from === undefined) return [rule];
    const [ipv4, ipv6] = [from.filter((address) => !address.includes(":")), from.filter((a) => a.includes(":"))];
    return [
        `ip saddr { ${ipv4.join(", ")} } ${rule}`,
        ...(ipv6.length === 0 ? [] : [`ip6 saddr { ${ipv6.join(", ")} } ${rule}`]),
    ];
}
