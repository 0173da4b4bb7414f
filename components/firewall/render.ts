import type { Role } from "../converge/schema";
import type { NodeFirewall } from "./node";
import { firewallRules } from "./rules";

/** Where the rules lie on a node. */
export const rulesFile = "/etc/sovereign-edge/firewall.nft";
/** The unit that loads them. */
export const firewallUnit = "sovereign-edge-firewall.service";
const unitFile = `/etc/systemd/system/${firewallUnit}`;

/** The role `firewall`: the rules, and a unit that loads them before the network is up. It can cut the operator off. */
export function renderFirewall(firewall: NodeFirewall): Role {
    const owner = "root:root";
    return {
        files: {
            [rulesFile]: {
                mode: "0644",
                owner,
                text: firewallRules(firewall),
                validate: ["/usr/sbin/nft", "--check", "--file", "{}"],
            },
            [unitFile]: { mode: "0644", owner, text: unitText(firewall.relays) },
        },
        units: { [firewallUnit]: { enabled: true, running: true, reloadOn: { [rulesFile]: true, [unitFile]: true } } },
        checks: {
            nftables: { argv: ["sh", "-c", present], within: 1, when: "before" },
            table: { argv: ["/usr/sbin/nft", "list", "table", "inet", "sovereign_edge"], within: 5 },
        },
        confirm: { window: 60 },
    };
}

const present =
    "test -x /usr/sbin/nft && exit; echo 'nftables is not installed: run `apt-get install nftables` on it'; exit 1";

/**
 * A packet has to pass every table, and Docker drops what is forwarded if it was there first and switched forwarding on. The
 * chain DOCKER-USER is the one that it keeps for rules of others. Without Docker these commands fail, which is nothing.
 */
const tunnelToTunnel = "DOCKER-USER -i wg0 -o wg0 -j ACCEPT";
const passDocker = `-/bin/sh -c 'iptables -C ${tunnelToTunnel} 2>/dev/null || iptables -I ${tunnelToTunnel} 2>/dev/null'`;

/**
 * Debian's nftables.service flushes every table when it starts, stops and reloads: ours comes after it and follows it. A
 * change that a power cut left half done is undone before.
 */
function unitText(relays: boolean): string {
    return `# Of sovereign-edge.
[Unit]
Description=Packet filter of sovereign-edge
DefaultDependencies=no
After=local-fs.target sovereign-edge-recover.service nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft --file ${rulesFile}
ExecReload=/usr/sbin/nft --file ${rulesFile}
ExecStop=/usr/sbin/nft "add table inet sovereign_edge; delete table inet sovereign_edge"
ExecStopPost=-/bin/sh -c 'iptables -D ${tunnelToTunnel} 2>/dev/null'
${relays ? `ExecStartPost=${passDocker}\nExecReload=${passDocker}\n` : ""}
[Install]
WantedBy=sysinit.target
`;
}
