import { systemReserve, type Hardware } from "./hardware";

/** What a size of a DigitalOcean droplet gives and costs. */
export interface Droplet {
    readonly vcpus: number;
    /** Bytes. */
    readonly memory: number;
    /** Bytes, 1 GB = 10^9. */
    readonly disk: number;
    /** USD a month, on the day of `dropletPrices`. */
    readonly price: number;
}

/**
 * Day of the prices. s-1vcpu-1gb and s-2vcpu-4gb at 6 and 24 USD were still asked in March 2026, "from 4 USD" stood on the
 * pricing page on 2026-09-20; the others are of DigitalOcean's list of 2022 (`doctl compute size list`).
 */
export const dropletPrices = "2022-07-01";

/** Slug → vCPUs, memory in GiB, disk in GB, USD a month. */
const sizes: Readonly<Record<string, readonly [number, number, number, number]>> = {
    "s-1vcpu-512mb-10gb": [1, 0.5, 10, 4],
    "s-1vcpu-1gb": [1, 1, 25, 6],
    "s-1vcpu-1gb-amd": [1, 1, 25, 7],
    "s-1vcpu-1gb-intel": [1, 1, 25, 7],
    "s-1vcpu-2gb": [1, 2, 50, 12],
    "s-1vcpu-2gb-amd": [1, 2, 50, 14],
    "s-1vcpu-2gb-intel": [1, 2, 50, 14],
    "s-2vcpu-2gb": [2, 2, 60, 18],
    "s-2vcpu-2gb-amd": [2, 2, 60, 21],
    "s-2vcpu-2gb-intel": [2, 2, 60, 21],
    "s-2vcpu-4gb": [2, 4, 80, 24],
    "s-2vcpu-4gb-amd": [2, 4, 80, 28],
    "s-2vcpu-4gb-intel": [2, 4, 80, 28],
    "s-2vcpu-8gb-amd": [2, 8, 100, 42],
    "s-4vcpu-8gb": [4, 8, 160, 48],
    "s-4vcpu-8gb-amd": [4, 8, 160, 56],
    "s-4vcpu-8gb-intel": [4, 8, 160, 56],
    "s-4vcpu-16gb-amd": [4, 16, 200, 84],
    "s-8vcpu-16gb": [8, 16, 320, 96],
    "s-8vcpu-16gb-amd": [8, 16, 320, 112],
    "s-8vcpu-16gb-intel": [8, 16, 320, 112],
    "s-8vcpu-32gb-amd": [8, 32, 400, 168],
    "c-2": [2, 4, 25, 42],
    "c-4": [4, 8, 50, 84],
    "g-2vcpu-8gb": [2, 8, 25, 63],
    "g-4vcpu-16gb": [4, 16, 50, 126],
    "m-2vcpu-16gb": [2, 16, 50, 84],
    "m-4vcpu-32gb": [4, 32, 100, 168],
};

/** The slugs `droplet:` takes, for error texts. */
export const dropletNames: readonly string[] = Object.keys(sizes);

/** Regions in which droplets can be made (DigitalOcean's availability matrix, 2026), for error texts. */
export const regionNames: readonly string[] = [
    ...["nyc1", "nyc2", "nyc3", "ams3", "sfo2", "sfo3", "sgp1"],
    ...["lon1", "fra1", "tor1", "blr1", "syd1", "atl1"],
];

/** Systems that droplets are made with, by the inventory's name (`doctl compute image list --public`, 2026). */
export const images: Readonly<Record<string, string>> = {
    "debian-12": "debian-12-x64",
    "debian-13": "debian-13-x64",
    "ubuntu-24.04": "ubuntu-24-04-x64",
};

/** The size behind a slug, or nothing when there is none. */
export function dropletOf(slug: string): Droplet | undefined {
    const size = Object.hasOwn(sizes, slug) ? sizes[slug] : undefined;
    if (size === undefined) return undefined;
    const [vcpus, memory, disk, price] = size;
    return { vcpus, memory: memory * 2 ** 30, disk: disk * 1e9, price };
}

/** A droplet as hardware: no slot, no supply, no watts of yours. Bandwidth is an estimate for a share of a server. */
export function dropletHardware({ vcpus, memory }: Droplet): Hardware {
    return {
        arch: "amd64",
        memory,
        cores: vcpus,
        bandwidth: 10e9,
        unified: false,
        os: "debian-13",
        raspberryPages: 4096,
        reserve: systemReserve(memory),
        watts: { idle: 0, busy: 0 },
        slots: 0,
    };
}
