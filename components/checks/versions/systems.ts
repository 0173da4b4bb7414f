import type { Check } from "../../fleet/check";
import { listOf, type Problem } from "../../fleet/errors";
import { catalogue } from "../../services/catalogue/catalogue";
import { satisfies } from "./version";

/** Node.js that a system brings along: packages.debian.org and packages.ubuntu.com, 2026-11-21. */
const ownNode: Readonly<Record<string, string>> = {
    "debian-12": "18.20.4",
    "debian-13": "20.19.2",
    "raspberry-pi-os-12": "18.20.4",
    "raspberry-pi-os-13": "20.19.2",
    "ubuntu-24.04": "18.19.1",
};

/** Services on a Node.js that they do not run on. */
export const nodeNewEnough: Check = ({ inventory, design }) =>
    Object.entries(inventory.services).flatMap(([block, { type = block, node: version, at }]): Problem[] => {
        const range = catalogue[type]?.runtime;
        if (range === undefined || version === undefined || satisfies(version, range)) return [];
        const system = design.machines[at[0] ?? ""]?.os;
        const own = system === undefined ? undefined : ownNode[system];
        const from = own?.startsWith(version) === true ? ` (${system ?? ""}'s own is ${own})` : "";
        return [
            {
                code: "SE163",
                path: ["services", block, "node"],
                message: `${type} needs Node.js ${range.replaceAll("||", "or")}, not ${version}${from}.`,
                fix: "Leave `node` out: a Node.js that fits is installed beside the system's own.",
            },
        ];
    });

/** Podman of Debian 12 is 4.3.1; the generator of units came with 4.4. */
const withoutQuadlet = ["debian-12", "raspberry-pi-os-12"];

/** Containers on a system whose Podman makes no units of them. */
export const quadletThere: Check = ({ inventory, design }) =>
    Object.entries(inventory.services).flatMap(([block, { type = block, at }]): Problem[] => {
        const old = at.filter((node) => withoutQuadlet.includes(design.machines[node]?.os ?? ""));
        if (!isContainer(type) || old.length === 0) return [];
        const system = design.machines[old[0] ?? ""]?.os ?? "";
        return [
            {
                code: "SE164",
                path: ["services", block, "at"],
                message: `${listOf(old)} runs ${system}, whose Podman 4.3.1 knows no Quadlet units (4.4).`,
                fix: `Place it on a node with ${system.replace("12", "13")}, or bring ${listOf(old)} up to it.`,
            },
        ];
    });

function isContainer(type: string): boolean {
    const origin = catalogue[type]?.origin;
    return origin === "inventory" ? type === "container" || type === "job" : origin !== undefined && "image" in origin;
}
