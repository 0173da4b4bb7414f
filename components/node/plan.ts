import type { Inventory } from "../fleet/schema";
import { acceleratorOf, type Accelerator } from "./accelerators";
import { diskOf, type Disk } from "./disk";
import { dropletHardware, dropletOf } from "./droplets";
import { hardwareOf, type Hardware, type Os } from "./hardware";
import { behindNat } from "./machine";
import type { NodeEntry } from "./schema";

export type { Disk } from "./disk";

/** A node as a machine: what its hardware gives. */
export interface Machine {
    readonly name: string;
    /** Name of its profile: `pi5-8gb`, `s-1vcpu-1gb`. */
    readonly profile: string;
    /** Whether it is rented from DigitalOcean. */
    readonly droplet: boolean;
    readonly arch: "amd64" | "arm64";
    readonly os: Os;
    readonly cores: number;
    /** Main memory, bytes. */
    readonly memory: number;
    /** Whether a graphics processor works in the same memory. */
    readonly unified: boolean;
    /** Memory kept for the system itself, bytes; at most `memory`. */
    readonly reserve: number;
    /** What decode can read from memory, bytes a second. */
    readonly bandwidth: number;
    /** Of the kernel it starts, bytes. */
    readonly pageSize: 4096 | 16384;
    /** Absent when nobody says. */
    readonly disk?: Disk;
    /** The accelerator fitted to it, when it is one we know. */
    readonly accelerator?: Accelerator & { readonly name: string };
    /** PCIe devices that can be fitted without a switch; absent when nobody says. */
    readonly slots?: number;
    /** Generation that its PCIe connector is told to run at; absent when it is left to the firmware. */
    readonly pcie?: 2 | 3;
    /** Drawn at the wall, watts, its accelerator included; `average` as written, else halfway between the two. */
    readonly watts: { readonly idle: number; readonly busy: number; readonly average: number };
    /** What its power supply gives, and what the vendor of the board asks for, watts; absent when nobody says. */
    readonly supply?: number;
    readonly supplyAsked?: number;
    readonly behindNat: boolean;
    /** What fails together: the location, the region of a droplet, or the node alone. */
    readonly site: string;
    /** Electric circuit within the site; absent when nobody says. */
    readonly circuit?: string;
}

/** Every node whose hardware is known. */
export function planMachines({ nodes }: Inventory): Record<string, Machine> {
    return Object.fromEntries(
        Object.entries(nodes).flatMap(([name, node]): [string, Machine][] => {
            const hardware = hardwareOfNode(node);
            return hardware === undefined ? [] : [[name, planMachine(name, node, hardware)]];
        }),
    );
}

/** The hardware of a node, owned or rented; nothing when its profile is not known. */
export function hardwareOfNode({ hardware, droplet }: NodeEntry): Hardware | undefined {
    if (hardware !== undefined) return hardwareOf(hardware);
    const size = dropletOf(droplet ?? "");
    return size === undefined ? undefined : dropletHardware(size);
}

function planMachine(name: string, node: NodeEntry, hardware: Hardware): Machine {
    const { arch, cores, memory, unified, bandwidth, slots } = hardware;
    const accelerator = acceleratorOf(node.npu ?? "");
    const disk = diskOfNode(node);
    const { idle } = hardware.watts;
    const busy = hardware.watts.busy + (accelerator?.watts ?? 0);
    return {
        name,
        profile: node.hardware ?? node.droplet ?? "",
        droplet: node.hardware === undefined,
        arch,
        os: node.os ?? hardware.os,
        cores,
        memory,
        unified,
        reserve: Math.min(node.reserve ?? hardware.reserve, memory),
        bandwidth,
        pageSize: pageSizeOf(node, hardware),
        ...(disk === undefined ? {} : { disk }),
        ...(accelerator === undefined ? {} : { accelerator: { name: node.npu ?? "", ...accelerator } }),
        ...(slots === undefined ? {} : { slots }),
        ...(node.pcie === undefined ? {} : { pcie: node.pcie }),
        watts: { idle, busy, average: node.watts ?? (idle + busy) / 2 },
        ...(node.supply === undefined ? {} : { supply: node.supply }),
        ...(hardware.supply === undefined ? {} : { supplyAsked: hardware.supply }),
        behindNat: behindNat(node),
        site: node.location ?? node.region ?? name,
        ...(node.circuit === undefined ? {} : { circuit: node.circuit }),
    };
}

/** The disk as written; that of its size for a droplet. */
function diskOfNode({ disk, droplet }: NodeEntry): Disk | undefined {
    const size = dropletOf(droplet ?? "");
    return size === undefined ? diskOf(disk ?? "") : { kind: "ssd", size: size.disk };
}

/** As written; else that of the kernel which the system brings along. */
function pageSizeOf({ pages, os }: NodeEntry, hardware: Hardware): 4096 | 16384 {
    if (pages !== undefined) return pages === "16k" ? 16384 : 4096;
    return (os ?? hardware.os).startsWith("raspberry-pi-os") ? hardware.raspberryPages : 4096;
}
