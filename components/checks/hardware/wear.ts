import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { dataServices } from "../../services/catalogue/data";
import type { DiskKind } from "../../node/disk";

/** What a disk draws that hangs on a board's own supply, watts; an estimate by kind. */
const diskWatts: Readonly<Record<DiskKind, number>> = { sd: 0.5, emmc: 0.5, "usb-ssd": 3, ssd: 3, nvme: 4, hdd: 6 };

/** Supplies against what the machine draws and what its vendor asks for. */
export const supplies: Check = ({ design }) =>
    Object.entries(design.machines).flatMap(([name, machine]): Problem[] => {
        const { supply, supplyAsked = 0, accelerator, disk, watts, profile } = machine;
        if (supply === undefined) return [];
        const onBoard = machine.slots === undefined ? 0 : diskWatts[disk?.kind ?? "sd"];
        const drawn = watts.busy + onBoard;
        const board = watts.busy - (accelerator?.watts ?? 0);
        const parts = [
            `${board} W for the ${profile}`,
            ...(accelerator === undefined ? [] : [`${accelerator.watts} W for the ${accelerator.name}`]),
            ...(onBoard === 0 ? [] : [`${onBoard} W for the disk`]),
        ];
        const at = {
            path: ["nodes", name, "supply"],
            fix: `Fit a supply of ${Math.max(supplyAsked, drawn)} W or more.`,
        };
        const sum = `${parts.join(" + ")} = ${drawn} W under load`;
        if (supply < drawn) {
            return [
                {
                    ...at,
                    code: "SE114",
                    message: `${name} draws ${sum}, and its supply gives ${supply} W: it drops out when it has to work.`,
                },
            ];
        }
        if (supply >= supplyAsked) return [];
        return [
            {
                ...at,
                code: "SE115",
                message: `The vendor asks for ${supplyAsked} W, and the supply gives ${supply} W: ${sum}, and nothing left for USB.`,
            },
        ];
    });

/** Types that write all day: databases and stores, and what keeps such a one inside. */
const writers = [...Object.keys(dataServices), "prometheus", "gitea"];

/** SD cards under databases. */
export const wornCards: Check = ({ design }) =>
    Object.entries(design.machines).flatMap(([name, { disk }]): Problem[] => {
        if (disk?.kind !== "sd") return [];
        const here = design.instances.filter((instance) => instance.node === name && writers.includes(instance.type));
        if (here.length === 0) return [];
        const names = [...new Set(here.map((instance) => instance.block))].sort();
        return [
            {
                code: "SE117",
                path: ["nodes", name, "disk"],
                message: `${names.join(", ")} write all day to an SD card on ${name}: cards wear out under that within months, without a sign before.`,
                fix: "Move their data to a USB SSD or an NVMe disk, or accept the warning with what you did about it (an endurance card, copies elsewhere).",
            },
        ];
    });
