import type { Check, Checked } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { modelOf } from "../../models/catalogue";
import { engineOptions } from "../../models/engine";
import { activeBytes, type Fit } from "../../models/fit";

/** Flags by which an engine guesses several tokens and checks them at once: it then reads the weights less than once a token. */
const speculative = /^(--speculative|--spec-|--draft|-md\b|--model-draft)/;

/** Speeds that no engine can reach, because every token reads the weights in use once. */
export const speedRoof: Check = (checked) =>
    checked.design.fits.flatMap((fit): Problem[] => {
        const wanted = checked.inventory.models?.serve[fit.model]?.speed;
        if (wanted === undefined || wanted <= fit.roof || guesses(checked, fit)) return [];
        return [
            {
                code: "SE151",
                path: [...fit.path, "speed"],
                message: `${wanted} tokens/s of ${fit.model} on ${fit.node}: ${roofWords(checked, fit)}.`,
                fix: fit.roof === 0 ? "Take `speed` out." : mendSpeed(checked, fit),
            },
        ];
    });

function guesses({ inventory }: Checked, { engine }: Fit): boolean {
    return engineOptions(inventory, engine)?.flags.some((flag) => speculative.test(flag)) === true;
}

function roofWords({ inventory, design }: Checked, fit: Fit): string {
    const model = modelOf(inventory, fit.model);
    const machine = design.machines[fit.node];
    if (model === undefined || machine === undefined || fit.roof === 0) return "it makes no tokens";
    if (fit.engine === "hailo-ollama") return `its maker measured ${fit.roof} on a Hailo-10H`;
    const share =
        model.active === undefined || model.active === model.parameters
            ? "all of its weights"
            : `${billions(model.active)} of its ${billions(model.parameters)} billion parameters`;
    const npu =
        machine.accelerator?.languageModels === false ? ` (its ${machine.accelerator.name} sees images only)` : "";
    const read = inGb(activeBytes(model));
    return `each reads ${share}, ${read} GB, and ${inGb(machine.bandwidth)} GB/s of memory${npu} ÷ ${read} GB = ${fit.roof.toFixed(2)} at most`;
}

function inGb(bytes: number): string {
    return (bytes / 1e9).toFixed(2).replace(/\.?0+$/, "");
}

function billions(parameters: number): string {
    return String(Math.round(parameters / 1e8) / 10);
}

function mendSpeed({ inventory }: Checked, fit: Fit): string {
    const described = inventory.models?.weights[fit.model];
    const experts =
        described?.active === undefined && described !== undefined
            ? " A mixture of experts reads less: write its `active` parameters under models.weights."
            : "";
    return `Ask for ${Math.floor(fit.roof * 10) / 10} or less, or take a smaller model or a machine with faster memory.${experts}`;
}
