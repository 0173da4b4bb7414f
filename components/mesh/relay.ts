import type { Role } from "../converge/schema";
import { meshAddress6, type MeshNode, type Relayed } from "./plan";

/** What relaying adds to the role `wireguard`. */
export interface RelayPart {
    readonly files: NonNullable<Role["files"]>;
    readonly units: NonNullable<Role["units"]>;
    readonly sysctl?: NonNullable<Role["sysctl"]>;
}

const config = "/etc/wireguard/relay.json";
const service = "sovereign-edge-relay.service";
const timer = "sovereign-edge-relay.timer";
const look = "/usr/bin/python3 -I /usr/local/lib/sovereign-edge/converge.py relay";

/**
 * A node that may relay passes packets on; one that is reached through a relay which has a stand-in looks every ten
 * seconds, at the same moment as the other end, whether another relay has to take over (`converge/relay.py`).
 */
export function relayRole({ peers, relayed, relays, ipv6 }: MeshNode): RelayPart {
    const choices = relayed.filter((group) => group.relays.length > 1);
    const sysctl = relays ? { sysctl: ipv6 === undefined ? forwarding : { ...forwarding, ...forwarding6 } } : {};
    if (choices.length === 0) return { files: {}, units: {}, ...sysctl };
    const addresses = new Map(peers.map(({ name, allowedIps: [own = ""] }) => [name, own.slice(0, own.indexOf("/"))]));
    return {
        files: {
            [config]: { mode: "0600", owner: "root:root", text: renderChoices(choices, addresses, ipv6) },
            [`/etc/systemd/system/${service}`]: { mode: "0644", owner: "root:root", text: serviceText },
            [`/etc/systemd/system/${timer}`]: { mode: "0644", owner: "root:root", text: timerText },
            "/etc/systemd/system/wg-quick@wg0.service.d/relay.conf": {
                mode: "0644",
                owner: "root:root",
                text: `[Service]\n# A reload puts every address back to its first relay.\nExecReload=-${look}\n`,
            },
        },
        units: { [timer]: { enabled: true, running: true, restartOn: { [`/etc/systemd/system/${timer}`]: true } } },
        ...sysctl,
    };
}

/** A packet leaves by the interface that it came by; that nobody is told of a shorter way the role `base` sees to. */
const forwarding = { "net.ipv4.ip_forward": "1" };
/**
 * The kernel then hears no router's advertisements any more (ip-sysctl.rst, `accept_ra`), which it need not where networkd,
 * NetworkManager or ifupdown hear them; `all.accept_ra` would change no interface that there is.
 */
const forwarding6 = { "net.ipv6.conf.all.forwarding": "1" };

// Without a word to the journal unless something moved: 8,640 looks a day would wear a card.
const serviceText = `[Unit]
Description=Moves what a silent WireGuard relay passed on to another one
After=wg-quick@wg0.service

[Service]
Type=oneshot
ExecStart=${look}
TimeoutStartSec=30
LogLevelMax=notice
SyslogLevel=notice
`;

// By the clock, because both ends have to choose the same relay.
const timerText = `[Unit]
Description=Looks every ten seconds whether the WireGuard relays answer

[Timer]
OnCalendar=*:*:0/10
AccuracySec=100ms

[Install]
WantedBy=timers.target
`;

function renderChoices(
    groups: readonly Relayed[],
    addresses: ReadonlyMap<string, string>,
    network: string | undefined,
): string {
    const names = [...new Set(groups.flatMap(({ relays }) => relays))].sort();
    const relays = names.map((name): [string, string] => [name, addresses.get(name) ?? ""]);
    const far = groups.flatMap((group) => group.addresses);
    const beside = network === undefined ? {} : { beside: besideOf(far, network) };
    const config = { interface: "wg0", relays: Object.fromEntries(relays), groups, ...beside };
    return `${JSON.stringify(config, undefined, 1)}\n`;
}

/** IPv6 addresses of the mesh by the IPv4 ones that they move with. */
function besideOf(addresses: readonly string[], network: string): Record<string, string> {
    return Object.fromEntries(addresses.map((address) => [address, meshAddress6(network, address)]));
}
