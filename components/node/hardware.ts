import type { Money } from "../fleet/units";
import type { NodeEntry } from "./schema";

/** Operating systems that a node may run. */
export type Os = NonNullable<NodeEntry["os"]>;

/** A price and the day on which it was asked. */
export interface Price extends Money {
    /** `2026-02` or `2026-02-27`. */
    readonly date: string;
}

/** What a hardware profile says about a machine. */
export interface Hardware {
    /** Debian's name of the architecture. */
    readonly arch: "amd64" | "arm64";
    /** Main memory that the system sees, bytes. */
    readonly memory: number;
    readonly cores: number;
    /** What decoding can really read from memory, bytes a second; below the peak that vendors print. */
    readonly bandwidth: number;
    /** Whether a graphics processor works in the same memory. */
    readonly unified: boolean;
    /** What it runs unless the inventory says otherwise. */
    readonly os: Os;
    /** Page size of the kernel that Raspberry Pi OS starts on it, bytes; others start 4 KiB kernels. */
    readonly raspberryPages: 4096 | 16384;
    /** Memory kept for the system itself, bytes. */
    readonly reserve: number;
    /** Drawn at the wall, watts. */
    readonly watts: { readonly idle: number; readonly busy: number };
    /** Supply that its vendor asks for, watts; absent when it has one built in or nobody says. */
    readonly supply?: number;
    /** PCIe devices that can be fitted without a switch; absent when nobody says. */
    readonly slots?: number;
    /** List price; absent when nobody says. */
    readonly price?: Price;
}

const gib = 2 ** 30;

/**
 * Memory kept for kernel, sshd, journal, WireGuard and the page cache they live on: 0.75 GiB, or half of a machine that
 * has less than 1.5 GiB. An estimate; a Debian without desktop takes about 0.2 GiB at rest.
 */
export function systemReserve(memory: number): number {
    return Math.min(0.75 * gib, memory / 2);
}

/** A board of Raspberry Pi with so many GiB of memory at a price in USD. */
type Board = (memory: number, amount: number, date: string) => Hardware;

const raspberry = (rest: Pick<Hardware, "bandwidth" | "raspberryPages" | "watts" | "supply" | "slots">): Board => {
    return (memory, amount, date) => ({
        arch: "arm64",
        memory: memory * gib,
        cores: 4,
        unified: false,
        os: "raspberry-pi-os-13",
        reserve: systemReserve(memory * gib),
        price: { amount, currency: "USD", date },
        ...rest,
    });
};

// Supplies: Raspberry Pi documentation, "Power supply" (12.5 W, 15 W, 27 W). Watts: bare board idle and under stress as
// reviewers measured them, an estimate for any one board. Bandwidth: Pi 5 as seen in ggml-org/llama.cpp#26484, the older
// ones scaled from their memory bus (LPDDR2-900 and LPDDR4-3200, 32 bit), an estimate.
const pi3 = raspberry({
    bandwidth: 2e9,
    raspberryPages: 4096,
    watts: { idle: 2, busy: 6 },
    supply: 12.5,
    slots: 0,
});
const pi4 = raspberry({ bandwidth: 4e9, raspberryPages: 4096, watts: { idle: 3, busy: 7 }, supply: 15, slots: 0 });
const pi5 = raspberry({ bandwidth: 10e9, raspberryPages: 16384, watts: { idle: 3, busy: 12 }, supply: 27, slots: 1 });

/** Boards that people name. Prices are those of the day named; memory has become dearer in 2026, `price:` says what yours cost. */
const boards: Readonly<Record<string, Hardware>> = {
    "pi3-1gb": pi3(1, 35, "2018-03-14"),
    "pi4-1gb": pi4(1, 35, "2021-10-20"),
    "pi4-2gb": pi4(2, 45, "2021-10-20"),
    "pi4-4gb": pi4(4, 55, "2019-06-24"),
    "pi4-8gb": pi4(8, 75, "2020-05-28"),
    "pi5-2gb": pi5(2, 50, "2024-08-19"),
    "pi5-4gb": pi5(4, 60, "2023-09-28"),
    "pi5-8gb": pi5(8, 80, "2023-09-28"),
    "pi5-16gb": pi5(16, 120, "2025-01-09"),
    // 128 GB, of which the system sees 121.7 GiB; 273 GB/s is the vendor's figure, and dense models come near it.
    // Idle 22 to 25 W since the update of February 2026, language models 60 to 90 W, supply 240 W.
    "dgx-spark": {
        arch: "arm64",
        memory: Math.round(121.7 * gib),
        cores: 20,
        bandwidth: 273e9,
        unified: true,
        os: "ubuntu-24.04",
        raspberryPages: 4096,
        reserve: 6 * gib,
        watts: { idle: 25, busy: 90 },
        supply: 240,
        price: { amount: 4699, currency: "USD", date: "2026-02" },
    },
};

/** The names `hardware:` takes, for error texts. */
export const hardwareNames: readonly string[] = [...Object.keys(boards), "amd64-16gb", "arm64-8gb"];

/**
 * Any other box, `amd64-16gb`: an ordinary small computer of that memory. Cores, watts and bandwidth are estimates for a
 * mini-PC with an Intel N100 (one channel of DDR4 or DDR5) or an arm64 board like a Pi 5.
 */
function generic(arch: "amd64" | "arm64", memory: number): Hardware {
    return {
        arch,
        memory,
        cores: 4,
        bandwidth: arch === "amd64" ? 20e9 : 10e9,
        unified: false,
        os: "debian-13",
        raspberryPages: 4096,
        reserve: systemReserve(memory),
        watts: arch === "amd64" ? { idle: 7, busy: 25 } : { idle: 3, busy: 12 },
    };
}

/** The profile behind a name, or nothing when there is none. */
export function hardwareOf(name: string): Hardware | undefined {
    const [, arch, size] = /^(amd64|arm64)-([1-9]\d{0,3})gb$/.exec(name) ?? [];
    if (arch !== undefined) return generic(arch === "arm64" ? "arm64" : "amd64", Number(size) * gib);
    return Object.hasOwn(boards, name) ? boards[name] : undefined;
}
