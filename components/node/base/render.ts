import type { Role } from "../../converge/schema";
import type { Machine } from "../plan";
import { renderBases } from "./bases";
import { renderHosts } from "./hosts";
import { renderUpgrades, upgradesFile } from "./upgrades";

const journal = "/etc/systemd/journald.conf.d/60-sovereign-edge.conf";
const hostname = "/etc/hostname";

/** What every machine has, whatever it serves. */
export interface Base {
    readonly node: string;
    readonly fleet: string;
    /** Names of the fleet, lines of hosts(5). */
    readonly hosts: string;
    /** Packages of the node's roles. */
    readonly packages: readonly string[];
    readonly machine?: Machine | undefined;
}

/** The role `base`: name, names of the others, clock, journal, updates, network settings. */
export function renderBase({ node, fleet, hosts, packages, machine }: Base): Role {
    const names = renderHosts(node, fleet, hosts);
    const bases = renderBases(machine);
    const owner = "root:root";
    return {
        files: {
            ...names.files,
            ...bases.files,
            [hostname]: { mode: "0644", owner, text: `${node}\n` },
            [journal]: { mode: "0644", owner, text: journalText(machine?.disk?.kind === "sd") },
            [upgradesFile]: renderUpgrades(packages),
        },
        actions: {
            ...names.actions,
            hostname: { argv: ["hostname", "--file", hostname], on: { [hostname]: true } },
        },
        removal: names.removal,
        units: { "systemd-journald.service": { enabled: true, running: true, restartOn: { [journal]: true } } },
        sysctl,
        checks: { ...bases.checks, clock: { argv: ["sh", "-c", clock], within: 30 } },
    };
}

/** On a card every line that is written wears it; elsewhere half a gigabyte is weeks of logs. */
function journalText(card: boolean): string {
    return `# Of sovereign-edge.\n[Journal]\nSystemMaxUse=${card ? "64M" : "512M"}\nRuntimeMaxUse=64M\n`;
}

/** Nobody on a LAN tells a node another way (RFC 1812 §5.2.7.2), and a relay tells its peers none: they have only the tunnel. */
const sysctl = {
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.default.accept_redirects": "0",
    "net.ipv4.conf.all.secure_redirects": "0",
    "net.ipv4.conf.default.secure_redirects": "0",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.send_redirects": "0",
    "net.ipv4.conf.all.accept_source_route": "0",
} as const;

/** Certificates, tunnels and logs need the time. A container has its host's; timedated(8) knows every daemon that sets it. */
const clock = `
systemd-detect-virt --quiet --container && exit
test "$(timedatectl show --property=NTP --value)" = yes && exit
timedatectl set-ntp true 2>/dev/null && exit
echo 'nothing sets the clock: run \`apt-get install systemd-timesyncd\` on it'
exit 1
`.trim();
