import { fillName } from "../fleet/each";
import type { Inventory } from "../fleet/schema";

/** One static site. */
export interface Site {
    /** Key of its block under `websites`. */
    readonly block: string;
    /** Name of its own: that of the block, or `BLOCK-NAME`. */
    readonly name: string;
    /** What it is called inside the fleet: `LABEL.FLEET.internal`. */
    readonly label: string;
    /** Node on which the files are kept. */
    readonly node: string;
    /** Name on the internet; the edges serve it then. Without one the node itself serves it to LAN and mesh. */
    readonly public?: string;
    readonly onion: boolean;
    /** Room for its files, bytes. */
    readonly disk: number;
    readonly path: readonly (string | number)[];
}

/** Bytes for one site when nothing is said. */
export const usualSize = 50e6;

/** Every site on the first of its nodes that is there, by block and in the order of `each`. */
export function planSites({ websites, nodes }: Inventory): Site[] {
    return Object.entries(websites)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([block, { at, each, public: name, onion, disk }]) => {
            const node = at.find((one) => nodes[one] !== undefined);
            if (node === undefined) return [];
            return (each ?? [undefined]).map((one): Site => {
                const filled = one === undefined || name === undefined ? name : fillName(name, one);
                return {
                    block,
                    name: one === undefined ? block : `${block}-${one}`,
                    label: one ?? block,
                    node,
                    ...(filled === undefined ? {} : { public: filled }),
                    onion,
                    disk: disk ?? usualSize,
                    path: ["websites", block],
                };
            });
        });
}
