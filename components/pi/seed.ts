import { stringify } from "yaml";
import { cloudConfig } from "../droplet/render";
import type { Card, CardFile, CardNetwork } from "./card";

/** Where a card leaves its host key for the end of the first boot; `settle` takes it away. */
export const spareKey = "/etc/ssh/sovereign-edge-card-key";

/**
 * The three files that cloud-init reads from a partition or an image labelled CIDATA (its data source NoCloud), and on
 * Raspberry Pi OS 13 from the boot partition.
 */
export function renderSeed(card: Card): CardFile[] {
    const { node, instance, network } = card;
    return [
        { name: "user-data", text: userData(card) },
        // cloud-init knows `instance-id` only; the image's own file spells it with an underscore.
        { name: "meta-data", text: yaml({ "instance-id": instance, "local-hostname": node, dsmode: "local" }) },
        { name: "network-config", text: yaml(netplan(network)) },
    ];
}

function userData({ node, user, port, logins, hostKey, os }: Card): string {
    const raspberry = os.startsWith("raspberry-pi-os");
    const spare = { path: spareKey, content: hostKey.privateKey, permissions: "0600" };
    const config = cloudConfig({ name: node, user, port }, logins, hostKey, raspberry ? [spare] : []);
    return `#cloud-config\n${yaml(raspberry ? { ...config, runcmd: putBack } : config)}`;
}

const key = "/etc/ssh/ssh_host_ed25519_key";

/** sshd is off in Raspberry Pi OS, and it may make host keys of its own after cloud-init: the card's is put back then. */
const putBack = [
    ["install", "-m", "0600", spareKey, key],
    ["sh", "-c", `ssh-keygen -y -f ${key} > ${key}.pub`],
    ["systemctl", "enable", "--now", "ssh"],
    ["systemctl", "restart", "ssh"],
];

/** Netplan's format, version 2: any wired interface, and the first wireless one. */
function netplan({ fixed, wifi }: CardNetwork): object {
    const address =
        fixed === undefined
            ? { dhcp4: true }
            : {
                  dhcp4: false,
                  addresses: [`${fixed.address}/${fixed.prefixLength}`],
                  routes: [{ to: "default", via: fixed.gateway }],
                  nameservers: { addresses: [fixed.gateway] },
              };
    const wireless =
        wifi === undefined
            ? {}
            : {
                  wifis: {
                      wlan0: {
                          ...address,
                          optional: true,
                          "regulatory-domain": wifi.country,
                          "access-points": { [wifi.ssid]: { password: wifi.key } },
                      },
                  },
              };
    // With a wireless network and a fixed address the cable asks for one: two interfaces cannot share it.
    const wired = wifi === undefined ? address : { dhcp4: true };
    return { version: 2, ethernets: { wired: { match: { name: "e*" }, ...wired, optional: true } }, ...wireless };
}

function yaml(document: object): string {
    return stringify(document, { lineWidth: 0 });
}
