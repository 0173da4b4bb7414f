import type { Inventory } from "../fleet/schema";
import { showDisk } from "../fleet/units";
import { usualSize } from "../websites/plan";
import type { PlacedItem } from "./plan";

/** Files of websites: at home on `at`, and on every edge when they are public. */
export function siteItems({ websites, edge }: Inventory): PlacedItem[] {
    return Object.entries(websites).flatMap(([block, { at, each, disk = usualSize, public: name }]) => {
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
