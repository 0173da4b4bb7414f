import type { Check } from "../../fleet/check";
import { listOf, type Problem } from "../../fleet/errors";
import { someOf } from "../../fleet/words";
import { acceleratorNames, acceleratorOf } from "../../node/accelerators";
import { nodeOf } from "../../node/machine";
import type { Machine } from "../../node/plan";
import { typeOf } from "../../services/catalogue/catalogue";

/** Services whose build aborts on larger pages, on a node that has them. */
export const pageSizes: Check = ({ inventory, design }) =>
    design.instances.flatMap(({ block, name, type, node, path }) => {
        const entry = inventory.services[block];
        const needs = entry === undefined ? undefined : typeOf(block, entry)?.pages;
        if (needs === undefined || entry?.pages !== undefined || design.machines[node]?.pageSize !== 16384) return [];
        return [
            {
                code: "SE110" as const,
                path: [...path, "at"],
                message: `${name} (${type}) aborts at its start: it is built for pages of 4 KiB, and the kernel of ${node} (${design.machines[node].profile}) has 16 KiB.`,
                fix: `Write \`pages: 4k\` at ${node}, which then starts the 4 KiB kernel, or place ${name} elsewhere.`,
            },
        ];
    });

/** Page sizes that a kernel of the hardware cannot have. */
export const possiblePages: Check = ({ inventory, design }) =>
    Object.entries(inventory.nodes).flatMap(([name, { pages }]) => {
        const machine = design.machines[name];
        if (pages !== "16k" || machine === undefined || machine.arch === "arm64") return [];
        return [
            {
                code: "SE119" as const,
                path: ["nodes", name, "pages"],
                message: `${name} is amd64 (${machine.profile}), and its kernel has pages of 4 KiB only.`,
                fix: "Leave the key out.",
            },
        ];
    });

/** What needs a PCIe lane against the lanes that there are. */
export const lanes: Check = ({ inventory, design }) =>
    Object.entries(design.machines).flatMap(([name, machine]) => {
        const { npu = "" } = inventory.nodes[name] ?? {};
        const accelerator = acceleratorOf(npu);
        const fitted = [
            ...(machine.disk?.kind === "nvme" && !machine.droplet ? [inventory.nodes[name]?.disk ?? ""] : []),
            ...(accelerator === undefined ? [] : [npu]),
        ];
        const { slots } = machine;
        if (slots === undefined || machine.droplet || fitted.length <= slots) return [];
        return [
            {
                code: "SE111" as const,
                path: ["nodes", name, accelerator === undefined ? "disk" : "npu"],
                message: `${fitted.join(" and ")} need${fitted.length === 1 ? "s" : ""} ${fitted.length} PCIe lane${fitted.length === 1 ? "" : "s"}, and a ${machine.profile} has ${slots === 0 ? "no connector for one" : slots}.`,
                fix: laneFix(machine, fitted),
            },
        ];
    });

/** A speed of PCIe where no connector for it is. */
export const laneSpeeds: Check = ({ design }) =>
    Object.entries(design.machines).flatMap(([name, { pcie, profile }]) => {
        if (pcie === undefined || profile.startsWith("pi5-")) return [];
        return [
            {
                code: "SE111" as const,
                path: ["nodes", name, "pcie"],
                message: `A ${profile} has no PCIe connector whose speed could be set: only a Pi 5 has.`,
                fix: "Leave the key out.",
            },
        ];
    });

function laneFix({ slots, disk }: Machine, fitted: readonly string[]): string {
    if (slots !== 0) return "Put the disk into a USB case (`usb-ssd-…`), or move the accelerator to another node.";
    const disks = disk?.kind === "nvme" ? ["Write `usb-ssd-…` for a disk in a USB case."] : [];
    return [...disks, ...(fitted.length > disks.length ? ["Fit the accelerator to a Pi 5."] : [])].join(" ");
}

/** Accelerators that add nothing to the models of their node. */
export const idleAccelerator: Check = ({ inventory, design }) =>
    Object.entries(design.machines).flatMap(([name, { accelerator }]): Problem[] => {
        // An engine that needs the accelerator is refused altogether (SE155).
        const refused = inventory.models?.engines["hailo-ollama"]?.at.includes(name) === true;
        if (accelerator === undefined || accelerator.languageModels || refused) return [];
        const models = Object.entries(inventory.models?.serve ?? {})
            .filter(([, { at }]) => at.some((place) => nodeOf(place) === name))
            .map(([model]) => model);
        if (models.length === 0) return [];
        const capable = acceleratorNames.filter((npu) => acceleratorOf(npu)?.languageModels === true);
        return [
            {
                code: "SE116",
                path: ["nodes", name, "npu"],
                message: `A ${accelerator.name} runs vision models only: it adds nothing to ${someOf(models, 3, 3)} on ${name}, which the processor computes.`,
                fix: `Count on the processor alone and accept the warning, or fit a ${listOf(capable)}.`,
            },
        ];
    });
