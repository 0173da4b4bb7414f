import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { showDisk } from "../../fleet/units";

/**
 * Bits that a weight takes, by the quantization's name: llama.cpp tools/quantize (whole files), and for NVFP4, MXFP4, AWQ and
 * FP8 the format itself with its scales (4 bit and one scale of 8 for 16 or 32 weights).
 */
const bits: readonly (readonly [name: string, bits: number])[] = [
    ["nvfp4", 4.5],
    ["mxfp4", 4.25],
    ["awq", 4.5],
    ["q2_k", 3.16],
    ["q3_k_m", 4],
    ["iq4_xs", 4.46],
    ["q4_0", 4.55],
    ["q4_k_s", 4.67],
    ["q4_k_m", 4.89],
    ["q5_k_m", 5.7],
    ["q6_k", 6.56],
    ["q8_0", 8.5],
    ["fp8", 8],
    ["bf16", 16],
    ["f16", 16],
];

/** What a file may be smaller than the reckoning: rounded parameters. */
const slack = 0.97;

/** Sizes that a quantization cannot reach: of weights that say what they are, in their name or their source. */
export const weightsAgree: Check = ({ inventory }) =>
    Object.entries(inventory.models?.weights ?? {}).flatMap(([name, { disk, parameters, source }]): Problem[] => {
        const words = `${name} ${source ?? ""}`.toLowerCase();
        const found = bits.find(([quantization]) => words.includes(quantization));
        if (found === undefined || parameters === undefined) return [];
        const least = (parameters * 1e9 * found[1]) / 8;
        if (disk >= least * slack) return [];
        return [
            {
                code: "SE158",
                path: ["models", "weights", name, "disk"],
                message: `${showDisk(disk)} for ${parameters} billion parameters in ${found[0].toUpperCase()}: ${parameters} B × ${found[1]} bit ÷ 8 = ${showDisk(least)}.`,
                fix: `Write the size of the files, ${showDisk(least)} or more, or correct the parameters.`,
            },
        ];
    });
