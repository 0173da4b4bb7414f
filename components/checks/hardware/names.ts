import type { Check } from "../../fleet/check";
import { didYouMean, listOf, nearest, type Problem } from "../../fleet/errors";
import { acceleratorNames, acceleratorOf } from "../../node/accelerators";
import { diskKinds, diskNames, diskOf } from "../../node/disk";
import { dropletNames, dropletOf, regionNames } from "../../node/droplets";
import type { NodeEntry } from "../../node/schema";

type Key = "disk" | "npu" | "droplet";

/** Names that the tables behind them do not have. */
export const knownNames: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, node]) => {
        const wrong = (key: Key, fix: (written: string) => string): Problem[] => {
            const written = node[key];
            if (written === undefined || known[key](written)) return [];
            const message = `There is no ${words[key]} "${written}".`;
            return [{ code: "SE112", path: ["nodes", name, key], message, fix: fix(written) }];
        };
        return [
            ...wrong("disk", diskFix),
            ...wrong("npu", (npu) => didYouMean(npu, acceleratorNames, `Write ${listOf(acceleratorNames)}.`)),
            ...wrong("droplet", dropletFix),
        ];
    });

const words: Readonly<Record<Key, string>> = { disk: "disk", npu: "accelerator", droplet: "droplet size" };
const known: Readonly<Record<Key, (written: string) => boolean>> = {
    disk: (written) => diskOf(written) !== undefined,
    npu: (written) => acceleratorOf(written) !== undefined,
    droplet: (written) => dropletOf(written) !== undefined,
};

function diskFix(written: string): string {
    const kind = /^([a-z-]+?)-?\d/.exec(written)?.[1] ?? written;
    const near = nearest(kind, diskKinds);
    return near === undefined || near === kind
        ? `Write KIND-SIZE such as ${listOf(diskNames)}.`
        : `Did you mean "${written.replace(kind, near)}"?`;
}

function dropletFix(written: string): string {
    const common = dropletNames.filter((name) => /^s-\dvcpu-\d+gb$/.test(name));
    return didYouMean(written, dropletNames, `Write a slug such as ${listOf(common)}.`);
}

/** Regions that DigitalOcean did not have when the table was made. */
export const knownRegion: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, { region }]) => {
        if (region === undefined || regionNames.includes(region)) return [];
        const place = region.replace(/\d$/, "");
        const near = regionNames.filter((known) => known.startsWith(place));
        const others = near.length > 0 ? near : regionNames;
        return [
            {
                code: "SE113" as const,
                path: ["nodes", name, "region"],
                message: `DigitalOcean had no region ${region} when this program was made.`,
                fix: `Write ${listOf(others)}, or accept the warning when ${region} is new.`,
            },
        ];
    });

/** What is said of a droplet that its size says already. */
export const saidTwice: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, node]) => {
        const size = dropletOf(node.droplet ?? "");
        if (node.hardware !== undefined || size === undefined) return [];
        const keys = (["disk", "npu", "supply", "watts", "circuit", "ups", "price"] as const).filter(
            (key): key is typeof key & keyof NodeEntry => node[key] !== undefined,
        );
        return keys.map((key) => ({
            code: "SE118" as const,
            path: ["nodes", name, key],
            message:
                key === "disk"
                    ? `A droplet ${node.droplet ?? ""} has a disk of ${size.disk / 1e9} GB, and ${node.disk ?? ""} is said beside it.`
                    : `${name} is a droplet: \`${key}\` is said of machines that you own.`,
            fix: key === "disk" ? "Leave the key out, or take a larger size." : "Leave the key out.",
        }));
    });
