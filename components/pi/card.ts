import type { Os } from "../node/hardware";

/** A node's network from its first boot on. */
export interface CardNetwork {
    /** A fixed address; DHCP when left out. */
    readonly fixed?: { readonly address: string; readonly prefixLength: number; readonly gateway: string };
    /** The wireless network it joins, beside its cable. */
    readonly wifi?: Wifi;
}

/** A wireless network. */
export interface Wifi {
    readonly ssid: string;
    /** The pre-shared key of WPA2 and WPA3 transition networks: 64 hexadecimal digits, made of the password (IEEE 802.11i H.4). */
    readonly key: string;
    /** Two letters of ISO 3166-1: which channels and how much power are allowed. */
    readonly country: string;
}

/** All that a card says to the machine that starts from it. */
export interface Card {
    readonly node: string;
    readonly os: Os;
    readonly user: string;
    /** TCP port of its sshd. */
    readonly port: number;
    /** Public keys that log in, as in authorized_keys. */
    readonly logins: readonly string[];
    /** The ed25519 host key; the private half in OpenSSH's form. */
    readonly hostKey: { readonly privateKey: string; readonly publicKey: string };
    /** Another one for each card that is written: cloud-init reads a card once for each. */
    readonly instance: string;
    readonly network: CardNetwork;
}

/** A file of the boot partition, or of the folder that a seed is made of. */
export interface CardFile {
    readonly name: string;
    readonly text: string;
}
