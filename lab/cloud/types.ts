/** What the emulated account holds. Plain data: kept as JSON, so that it survives a restart of the emulator. */

/** An SSH key of the account. */
export interface Key {
    readonly id: number;
    name: string;
    readonly publicKey: string;
    /** MD5 of the key's blob, in pairs of hex digits with colons (RFC 4716, section 4). */
    readonly fingerprint: string;
}

/** A private network. */
export interface Vpc {
    readonly id: string;
    name: string;
    description: string;
    readonly region: string;
    /** CIDR. */
    readonly range: string;
    readonly createdAt: string;
    isDefault: boolean;
}

/** The far side of a firewall rule. */
export interface Target {
    readonly addresses?: readonly string[];
    readonly droplet_ids?: readonly number[];
    readonly tags?: readonly string[] | null;
}

/** A rule as it was sent; `ports` is "0" for all of them. */
export interface Rule {
    readonly protocol: "tcp" | "udp" | "icmp";
    readonly ports: string;
    readonly sources?: Target;
    readonly destinations?: Target;
}

/** A firewall: what it lists is let through, both ways; the rest is not. */
export interface Firewall {
    readonly id: string;
    readonly createdAt: string;
    name: string;
    dropletIds: number[];
    tags: string[];
    inbound: Rule[];
    outbound: Rule[];
}

/** What a droplet is at the moment; on or off is asked from the machine. */
export type Life = "new" | "there";

/** A virtual machine. */
export interface Droplet {
    readonly id: number;
    name: string;
    /** Name of the lab's machine behind it. */
    readonly machine: string;
    readonly region: string;
    size: string;
    /** GB; stays when a resize leaves the disk as it is. */
    disk: number;
    readonly image: string;
    readonly createdAt: string;
    tags: string[];
    readonly keys: readonly number[];
    readonly userData: string;
    readonly vpc: string;
    readonly backups: boolean;
    readonly ipv6: boolean;
    readonly monitoring: boolean;
    readonly agent: boolean;
    life: Life;
    readonly address: string;
    readonly privateAddress: string;
    /** Address on eth0 that reserved addresses are translated to. */
    readonly anchor: string;
}

/** An address that outlives the droplets it is assigned to. */
export interface ReservedIp {
    readonly ip: string;
    readonly region: string;
    droplet?: number;
}

/** Something that takes time; `order` is what it needs to be carried out, also after a restart. */
export interface Action {
    readonly id: number;
    readonly type: string;
    readonly resource: { readonly type: "droplet" | "reserved_ip"; readonly id: number };
    readonly region: string;
    readonly startedAt: string;
    status: "in-progress" | "completed" | "errored";
    completedAt?: string;
    readonly order: Readonly<Record<string, string | number | boolean>>;
}

/** A group of resources, for people. */
export interface Project {
    readonly id: string;
    name: string;
    description: string;
    purpose: string;
    environment: string;
    isDefault: boolean;
    readonly createdAt: string;
    updatedAt: string;
    /** When each resource came, by its URN. */
    resources: Record<string, string>;
}

/** Everything. */
export interface Account {
    nextId: number;
    keys: Key[];
    tags: string[];
    vpcs: Vpc[];
    firewalls: Firewall[];
    droplets: Droplet[];
    reservedIps: ReservedIp[];
    actions: Action[];
    projects: Project[];
}
