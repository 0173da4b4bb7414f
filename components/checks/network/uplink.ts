import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import type { Inventory } from "../../fleet/schema";
import type { Instance } from "../../services/plan";

/** Share of a line that promised traffic may take before the rest (updates, backups, people) feels it. */
const spare = 0.75;

interface Load {
    /** `12 × 200kb/s (apps)`. */
    readonly what: string;
    /** Bits a second. */
    readonly rate: number;
}

/** Traffic that services promise to send, against the uplink of the place they stand in. */
export const uplinks: Check = ({ inventory, design }) =>
    Object.entries(inventory.locations).flatMap(([location, { uplink }]): Problem[] => {
        if (uplink === undefined) return [];
        const loads = loadsOf(location, inventory, design.instances);
        const sum = loads.reduce((all, { rate }) => all + rate, 0);
        if (sum <= uplink * spare) return [];
        const terms = loads.map(({ what }) => what).join(" + ");
        const arithmetic = `${terms} = ${mbit(sum)} Mbit/s leave ${location}, whose uplink has ${mbit(uplink)} Mbit/s`;
        const path = ["locations", location, "uplink"];
        const fix =
            "Serve it from a droplet, let the edge keep what does not change, or write what is really asked for.";
        return sum > uplink
            ? [{ code: "SE120", path, message: `${arithmetic}.`, fix }]
            : [{ code: "SE121", path, message: `${arithmetic}: more than ${spare * 100} %.`, fix }];
    });

/** What the services of a place promise, by block; `requests` is for each of `each`. */
function loadsOf(location: string, { nodes, services }: Inventory, instances: readonly Instance[]): Load[] {
    const here = instances.filter(({ node }) => nodes[node]?.location === location);
    const blocks = [...new Set(here.map(({ block }) => block))].sort();
    return blocks.flatMap((block): Load[] => {
        const requests = services[block]?.requests;
        if (requests === undefined) return [];
        const count = here.filter((instance) => instance.block === block).length;
        const what = `${count === 1 ? "" : `${count} × `}${requests} (${block})`;
        return [{ what, rate: count * bitsOf(requests) }];
    });
}

/** Bits a second of `200kb/s`: kilobytes or megabytes, decimal. */
function bitsOf(requests: string): number {
    const [, amount = "0", unit] = /^([\d.]+)(kb|mb)/.exec(requests) ?? [];
    return Number(amount) * (unit === "mb" ? 8e6 : 8e3);
}

function mbit(rate: number): string {
    return String(Math.round(rate / 1e5) / 10);
}
