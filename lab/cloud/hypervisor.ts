import type { Account, Droplet } from "./types";

/** What a machine is given at its first boot. */
export interface Seed {
    readonly userData: string;
    /** Public keys for root. */
    readonly keys: readonly string[];
}

/** The machines behind the droplets. Tests put their own in its place. */
export interface Hypervisor {
    /** Makes the disk; the machine stays off. */
    create(droplet: Droplet, seed: Seed): void;
    /** Gives a machine power; resolves when its first process runs. */
    powerOn(droplet: Droplet): Promise<void>;
    powerOff(droplet: Droplet): Promise<void>;
    shutDown(droplet: Droplet): Promise<void>;
    isOn(droplet: Droplet): boolean;
    /** Takes the power and the disk. */
    destroy(droplet: Droplet): Promise<void>;
    /** Makes firewalls and reserved addresses what the account says. */
    wire(account: Account): void;
    /** Names and addresses that something else than a droplet has. */
    readonly taken: { readonly names: readonly string[]; readonly addresses: readonly string[] };
}
