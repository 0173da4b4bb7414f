import type { Role } from "../converge/schema";
import type { NodeFirewall } from "./node";
import { firewallRules } from "./rules";

/** Where the rules lie on a node. */
export const rulesFile = "/etc/sovereign-edge/firewall.nft";
const unit = "sovereign-edge-firewall.service";

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
            [`/etc/systemd/system/${unit}`]: { mode: "0644", owner, text: unitText },
        },
        units: { [unit]: { enabled: true, running: true, reloadOn: { [rulesFile]: true } } },
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
 * Debian's nftables.service flushes every table when it starts, stops and reloads: ours comes after it and follows it. A
 * change that a power cut left half done is undone before.
 */
const unitText = `# Of sovereign-edge.
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

[Install]
WantedBy=sysinit.target
`;
