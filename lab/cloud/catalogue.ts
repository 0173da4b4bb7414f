/** What the emulated provider sells: a part of the real list (prices of 2026, USD). */

/** A data centre. */
export interface Region {
    readonly slug: string;
    readonly name: string;
}

/** A kind of droplet. @property memory MB @property disk GB @property transfer TB a month @property monthly USD */
export interface Size {
    readonly slug: string;
    readonly memory: number;
    readonly vcpus: number;
    readonly disk: number;
    readonly transfer: number;
    readonly monthly: number;
}

/** An image that droplets start from. */
export interface Image {
    readonly id: number;
    readonly slug: string;
    readonly name: string;
    readonly distribution: string;
}

/** All regions. */
export const REGIONS: readonly Region[] = [
    { slug: "nyc1", name: "New York 1" },
    { slug: "nyc3", name: "New York 3" },
    { slug: "ams3", name: "Amsterdam 3" },
    { slug: "fra1", name: "Frankfurt 1" },
    { slug: "lon1", name: "London 1" },
    { slug: "sfo3", name: "San Francisco 3" },
    { slug: "sgp1", name: "Singapore 1" },
    { slug: "tor1", name: "Toronto 1" },
];

/** All sizes. */
export const SIZES: readonly Size[] = [
    { slug: "s-1vcpu-512mb-10gb", memory: 512, vcpus: 1, disk: 10, transfer: 0.5, monthly: 4 },
    { slug: "s-1vcpu-1gb", memory: 1024, vcpus: 1, disk: 25, transfer: 1, monthly: 6 },
    { slug: "s-1vcpu-2gb", memory: 2048, vcpus: 1, disk: 50, transfer: 2, monthly: 12 },
    { slug: "s-2vcpu-2gb", memory: 2048, vcpus: 2, disk: 60, transfer: 3, monthly: 18 },
    { slug: "s-2vcpu-4gb", memory: 4096, vcpus: 2, disk: 80, transfer: 4, monthly: 24 },
    { slug: "s-4vcpu-8gb", memory: 8192, vcpus: 4, disk: 160, transfer: 5, monthly: 48 },
];

/** All images: the lab boots one system. */
export const IMAGES: readonly Image[] = [
    { id: 195_932_981, slug: "debian-13-x64", name: "13 x64", distribution: "Debian" },
];

/** The most that an account may have, unless it asks for more. */
export const LIMITS = { droplets: 10, reservedIps: 3, userDataBytes: 65_536 } as const;
