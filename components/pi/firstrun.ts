import type { Card, CardNetwork } from "./card";

/**
 * What cmdline.txt is given so that Raspberry Pi OS 12 runs `firstrun.sh` once, and starts again after it. The path is where the
 * system mounts the partition; that of its own imager is put right by the image at the cost of one more start.
 */
export const firstrunArguments =
    "systemd.run=/boot/firmware/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target";

/**
 * The script that Raspberry Pi OS 12 runs at its first boot, as root. The image makes host keys of its own before it, so that
 * the card's takes their place for good; it takes itself off the card as its last step.
 */
export function renderFirstrun(card: Card): string {
    const { node, user, port, logins, hostKey, network } = card;
    const key = "/etc/ssh/ssh_host_ed25519_key";
    return `#!/bin/sh
# Of sovereign-edge: the first boot of ${node}. Holds its host key; gone after it has run.
set -u
boot=$(dirname "$(readlink -f "$0")")
echo ${node} > /etc/hostname
sed -i 's/^127\\.0\\.1\\.1.*/127.0.1.1 ${node}/' /etc/hosts
${user === "root" ? rootLogin : login(user)}
install -d -m 0700 -o ${user} -g ${user} "$home/.ssh"
${file('"$home/.ssh/authorized_keys"', `${logins.join("\n")}\n`)}
chown ${user}: "$home/.ssh/authorized_keys"
chmod 0600 "$home/.ssh/authorized_keys"
rm -f /etc/ssh/ssh_host_*
umask 077
${file(key, hostKey.privateKey.endsWith("\n") ? hostKey.privateKey : `${hostKey.privateKey}\n`)}
${connections(network)}umask 022
${file(`${key}.pub`, `${hostKey.publicKey.trim()}\n`)}
install -d /etc/ssh/sshd_config.d
${file("/etc/ssh/sshd_config.d/10-host-key.conf", `HostKey ${key}\nPasswordAuthentication no\n${port === 22 ? "" : `Port ${port}\n`}`)}
systemctl enable ssh
sync
sed -i 's# systemd\\.run=[^ ]* systemd\\.run_success_action=[^ ]* systemd\\.unit=[^ ]*##' "$boot/cmdline.txt"
rm -f "$boot/firstrun.sh"
sync
exit 0
`;
}

const rootLogin = "home=/root";

function login(user: string): string {
    return `if [ -x /usr/lib/userconf-pi/userconf ]; then /usr/lib/userconf-pi/userconf ${user} '*'; fi
id ${user} >/dev/null 2>&1 || useradd -m -s /bin/bash ${user}
home=$(getent passwd ${user} | cut -d: -f6)
echo '${user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/010_${user}
chmod 0440 /etc/sudoers.d/010_${user}`;
}

/** NetworkManager's keyfiles (nm-settings-keyfile(5)); none for DHCP on the cable, which it does by itself. */
function connections({ fixed, wifi }: CardNetwork): string {
    const folder = "/etc/NetworkManager/system-connections";
    const ipv4 =
        fixed === undefined
            ? "[ipv4]\nmethod=auto\n"
            : `[ipv4]\nmethod=manual\naddress1=${fixed.address}/${fixed.prefixLength},${fixed.gateway}\ndns=${fixed.gateway};\n`;
    if (wifi !== undefined) {
        const settings = `[connection]\nid=wifi\ntype=wifi\n[wifi]\nmode=infrastructure\nssid=${wifi.ssid}\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=${wifi.key}\n${ipv4}`;
        return `raspi-config nonint do_wifi_country ${wifi.country}\nrfkill unblock wifi\n${file(`${folder}/wifi.nmconnection`, settings)}\n`;
    }
    if (fixed === undefined) return "";
    return `${file(`${folder}/wired.nmconnection`, `[connection]\nid=wired\ntype=ethernet\n${ipv4}`)}\n`;
}

/** A file written by a here-document, in which the shell replaces nothing. */
function file(path: string, text: string): string {
    return `cat > ${path} <<'SOVEREIGN_EDGE'\n${text}SOVEREIGN_EDGE`;
}
