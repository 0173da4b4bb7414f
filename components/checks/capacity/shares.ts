import type { Check } from "../../fleet/check";
import { listOf, type Problem } from "../../fleet/errors";
import { defaultUtilization } from "../../models/fit";
import { residentModels } from "../../models/resident";
import type { EngineName } from "../../models/schema";
import { inGib } from "./words";

const sharing: readonly EngineName[] = ["vllm", "sglang"];

/** vllm and sglang take their share when they start, whatever they load. */
export const shares: Check = (checked) => {
    const { inventory, design } = checked;
    const preallocated = design.fits.filter(({ engine }) => sharing.includes(engine));
    const resident = residentModels(inventory, preallocated);
    return [...new Set(resident.map(({ node }) => node))].flatMap((node): Problem[] => {
        const budget = design.budgets[node]?.memory;
        const here = resident.filter((item) => item.node === node);
        const taken = here.reduce((sum, { bytes }) => sum + bytes, 0);
        if (budget === undefined || taken <= budget.size - budget.reserve) return [];
        const parts = here.map(({ what, bytes }) => `${(bytes / budget.size).toFixed(2)} for ${what}`);
        const most = 1 - budget.reserve / budget.size;
        return [
            {
                code: "SE148",
                path: here[0]?.path ?? ["models", "engines"],
                message: `${node}: ${parts.join(" + ")} = ${(taken / budget.size).toFixed(2)} of ${inGib(budget.size)}; the system leaves ${most.toFixed(2)}.`,
                fix:
                    here.length === 1
                        ? `Write \`utilization: ${floor2(most)}\` or less.`
                        : `Lower \`utilization\`, or let them take turns: an \`exclusive\` group at ${node}.`,
            },
        ];
    });
};

function floor2(share: number): string {
    return (Math.floor(share * 100) / 100).toFixed(2);
}

/** Free CUDA memory of a GB10 ends near 0.83 of the whole (101 of 121.7 GiB, as seen by its users). */
const unifiedShare = 0.83;

/** A share that starves the system of a machine whose graphics work in the same memory. */
export const unifiedShares: Check = ({ inventory, design }) =>
    sharing.flatMap((engine): Problem[] => {
        const options = inventory.models?.engines[engine];
        const share = options?.utilization ?? defaultUtilization;
        const nodes = (options?.at ?? []).filter((node) => design.machines[node]?.unified === true);
        if (share <= unifiedShare || nodes.length === 0) return [];
        const said =
            options?.utilization === undefined
                ? `${engine} takes ${share} of the memory when nobody says how much`
                : `${engine} takes ${share} of the memory`;
        return [
            {
                code: "SE149",
                path: ["models", "engines", engine],
                message: `${said}; on ${listOf(nodes)} the system lives in the same memory, and CUDA was seen to get no more than ${unifiedShare} of it.`,
                fix: `Write \`utilization: ${unifiedShare}\` or less.`,
            },
        ];
    });
