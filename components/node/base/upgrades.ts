import type { DesiredFile } from "../../converge/schema";

/** Package that installs security updates by itself, once a day (apt.conf.d of its own: README of unattended-upgrades). */
export const upgradesPackage = "unattended-upgrades";
/** After the package's own 50unattended-upgrades: lists of apt.conf(5) are appended to. */
export const upgradesFile = "/etc/apt/apt.conf.d/60sovereign-edge";

/**
 * What is updated without us: the distribution, and Raspberry Pi OS's own packages, which no pattern of Debian's covers
 * (the pattern matches nothing elsewhere). What a role brought is left to `up`, which checks what it restarts. What needs a
 * reboot waits for the one that `up` does where the inventory allows it.
 * @param packages those of the node's roles
 */
export function renderUpgrades(packages: readonly string[]): DesiredFile {
    const kept = [...packages].sort().map((name) => `    "^${name.replaceAll(/[.+]/g, "\\$&")}$";`);
    const lines = [
        "// Of sovereign-edge.",
        'APT::Periodic::Update-Package-Lists "1";',
        'APT::Periodic::Unattended-Upgrade "1";',
        'Unattended-Upgrade::Automatic-Reboot "false";',
        "Unattended-Upgrade::Origins-Pattern {",
        '    "origin=Raspberry Pi Foundation,codename=${distro_codename},label=Raspberry Pi Foundation";',
        "};",
        "Unattended-Upgrade::Package-Blacklist {",
        ...kept,
        "};",
        "",
    ];
    const validate = ["apt-config", "--config-file={}", "dump"];
    return { mode: "0644", owner: "root:root", text: lines.join("\n"), validate };
}
