import { program } from "../converge/command";
import type { Role } from "../converge/schema";

/** Where the address stands on a droplet that its reserved IP leads to, for units: `ANCHOR=10.19.0.5`. */
export const anchorFile = "/run/sovereign-edge/anchor";

/** The unit after which that address is known and used. */
export const anchorUnit = "sovereign-edge-anchor.service";

/**
 * The role `anchor` of a droplet: what it begins, and its answers to datagrams, leave under its reserved IP
 * (`converge/anchor.py`), so that others see one address of it. Routes can cut the operator off.
 */
export function renderAnchor(): Role {
    const file = `/etc/systemd/system/${anchorUnit}`;
    return {
        files: { [file]: { mode: "0644", owner: "root:root", text: unitText } },
        units: { [anchorUnit]: { enabled: true, running: true, restartOn: { [file]: true } } },
        confirm: { window: 60 },
    };
}

// networkd takes foreign rules away when it starts (networkd.conf(5), ManageForeignRoutingPolicyRules=).
const unitText = `# Of sovereign-edge.
[Unit]
Description=Sends under the reserved address what this machine begins
After=network-online.target systemd-networkd.service
Wants=network-online.target
PartOf=systemd-networkd.service
Before=wg-quick@wg0.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/python3 -I ${program} anchor on
ExecStop=/usr/bin/python3 -I ${program} anchor off
TimeoutStartSec=30
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
`;
