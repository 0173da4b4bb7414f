import type { Inventory } from "../fleet/schema";
import { hardwareOf } from "./hardware";
import { behindNat } from "./machine";

/** A disk that a node's system and data lie on. */
export interface Disk {
    readonly kind: "sd" | "emmc" | "usb-ssd" | "ssd" | "nvme" | "hdd";
    /** Bytes. */
    readonly size: number;
}

/** A node as a machine: what its hardware gives. */
export interface Machine {
    readonly name: string;
    readonly arch: "amd64" | "arm64";
    /** Main memory, bytes. */
    readonly memory: number;
    /** Memory kept for the system itself, bytes. */
    readonly reserve: number;
    /** What decode can read from memory, bytes a second. */
    readonly bandwidth: number;
    /** Bytes. */
    readonly pageSize: 4096 | 16384;
    readonly disk?: Disk;
    readonly behindNat: boolean;
    /** What fails together: the location, the region of a droplet, or the node alone. */
    readonly site: string;
}

const gib = 2 ** 30;

/** Every node whose hardware is known. */
export function planMachines({ nodes }: Inventory): Record<string, Machine> {
    return Object.fromEntries(
        Object.entries(nodes).flatMap(([name, node]): [string, Machine][] => {
            const hardware = hardwareOf(node.hardware ?? "");
            if (hardware === undefined) return [];
            const machine = {
                name,
                arch: hardware.arch,
                memory: hardware.memory,
                reserve: node.reserve ?? 0.75 * gib,
                bandwidth: 10e9,
                pageSize: node.pages === "16k" ? 16384 : 4096,
                behindNat: behindNat(node),
                site: node.location ?? node.region ?? name,
            } as const;
            return [[name, machine]];
        }),
    );
}
