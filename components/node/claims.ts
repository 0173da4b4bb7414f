import type { Claims } from "../converge/schema";
import type { Inventory } from "../fleet/schema";
import { choosesKernel } from "./boot/render";
import type { Machine } from "./plan";

/** The code of what is measured on a machine and is not what the inventory says. */
export const claimCode = "SE129";

/**
 * Beginnings of the names that a board has in its device tree or its firmware (`/proc/device-tree/model`, DMI), by the
 * first word of its profile. A Pi 400 and a Pi 500 are a Pi 4 and a Pi 5 in a keyboard; compute modules are the same chips.
 */
const boards: Readonly<Record<string, readonly string[]>> = {
    pi3: ["Raspberry Pi 3 ", "Raspberry Pi Compute Module 3 "],
    pi4: ["Raspberry Pi 4 ", "Raspberry Pi 400 ", "Raspberry Pi Compute Module 4 "],
    pi5: ["Raspberry Pi 5 ", "Raspberry Pi 500 ", "Raspberry Pi Compute Module 5 "],
    dgx: ["NVIDIA DGX Spark ", "DGX Spark "],
};

/**
 * What the inventory says of a machine, to be held against what is measured there. A board has exactly its memory; a
 * box by its size alone, and a rented machine, may have more than was said, which harms nothing. Only a disk that was
 * written down is claimed.
 */
export function planClaims(machine: Machine, { accept }: Pick<Inventory, "accept">): Claims {
    const { name, profile, arch, memory, os, pageSize, disk, accelerator } = machine;
    const known = boards[profile.split("-")[0] ?? ""];
    const place = placeOf(name);
    const claims = {
        profile,
        place,
        arch,
        memory: { bytes: memory, exact: known !== undefined },
        ...(known === undefined ? {} : { boards: Object.fromEntries(known.map((begin) => [begin, true as const])) }),
        os,
        // What the role `boot` makes true is not claimed before.
        ...(choosesKernel(machine) ? {} : { pageSize }),
        ...(disk === undefined ? {} : { disk }),
        ...(accelerator === undefined ? {} : { npu: accelerator.name }),
    };
    const accepted = acceptable(claims).filter((claim) => accept[`${place}.${claim}`] !== undefined);
    if (accepted.length === 0) return claims;
    return { ...claims, accept: Object.fromEntries(accepted.map((claim) => [claim, true as const])) };
}

/** Whether it was written that a node may run another system than it is said to: then it is for the operator to judge which. */
export function acceptsAnySystem({ accept }: Pick<Inventory, "accept">, node: string): boolean {
    return accept[`${placeOf(node)}.os`] !== undefined;
}

/** Whether a key of `accept:` stands for something that is claimed of a machine; whether it still differs the machine says. */
export function isClaimed(key: string, machines: Readonly<Record<string, Machine>>): boolean {
    return Object.values(machines).some((machine) =>
        acceptable(planClaims(machine, { accept: {} })).some((claim) => key === `${placeOf(machine.name)}.${claim}`),
    );
}

/** What may be accepted of these claims. Not the architecture: programs for another one do not run. */
function acceptable({ boards: named, disk, npu, pageSize }: Claims): (keyof NonNullable<Claims["accept"]>)[] {
    return [
        "memory",
        "os",
        ...(pageSize === undefined ? [] : (["pages"] as const)),
        ...(named === undefined ? [] : (["board"] as const)),
        ...(disk === undefined ? [] : (["disk"] as const)),
        ...(npu === undefined ? [] : (["npu"] as const)),
    ];
}

function placeOf(node: string): string {
    return `${claimCode} nodes.${node}`;
}
