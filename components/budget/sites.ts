import type { Inventory } from "../fleet/schema";
import { showDisk } from "../fleet/units";
import type { PlacedItem } from "./plan";

/** Room for the files of one website when nobody says. */
const usualSite = 50e6;

/** Files of websites: at home on `at`, and on every edge when they are public. */
export function planSites({ websites, edge }: Inventory): PlacedItem[] {
    return Object.entries(websites).flatMap(([block, { at, each, disk = usualSite, public: name }]) => {
        const count = each?.length ?? 1;
        const nodes = new Set([...at, ...(name === undefined ? [] : (edge?.at ?? []))]);
        const times = count === 1 ? "" : ` (${count} × ${showDisk(disk)})`;
        return [...nodes].map((node) => ({
            node,
            what: `${block}${times}`,
            bytes: count * disk,
            path: ["websites", block],
        }));
    });
}
