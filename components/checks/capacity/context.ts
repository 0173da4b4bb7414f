import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { showMemory } from "../../fleet/units";
import { modelOf } from "../../models/catalogue";
import { hailoContext } from "../../models/engines/hailo/models";
import { cacheBytes } from "../../models/fit";

/** A context beyond what the model was made for: it writes nonsense there, or its engine cuts the text off. */
export const contextKnown: Check = ({ inventory, design }) => {
    const tooLong = design.fits.flatMap(({ model, context, engine, path }) => {
        const longest = engine === "hailo-ollama" ? hailoContext : modelOf(inventory, model)?.longest;
        return longest === undefined || context <= longest ? [] : [{ model, context, longest, engine, path }];
    });
    const seen = new Set<string>();
    return tooLong.flatMap(({ model, context, longest, engine, path }): Problem[] => {
        if (seen.has(model)) return [];
        seen.add(model);
        const why = engine === "hailo-ollama" ? "as hailo-ollama has it is compiled for" : "was made for";
        return [
            {
                code: "SE147",
                path: [...path, "context"],
                message: `${model} ${why} ${longest} tokens, not ${context}.`,
                fix: `Write \`context: ${longest}\` or less, or take a model with a longer one.`,
            },
        ];
    });
};

/** A cache that costs more than the model, where half of it would do. */
export const cacheSmall: Check = ({ inventory, design }) => {
    const seen = new Set<string>();
    return design.fits.flatMap(({ model, engine, weights, cache, context, parallel, path }): Problem[] => {
        const serving = inventory.models?.serve[model];
        const ggml = engine === "ollama" || engine === "llama.cpp";
        if (!ggml || cache <= weights || (serving?.cache ?? "f16") !== "f16" || seen.has(model)) return [];
        seen.add(model);
        const half = showMemory((cache * cacheBytes.q8_0) / cacheBytes.f16);
        const tokens = `${context} tokens${parallel === 1 ? "" : ` × ${parallel} requests`}`;
        return [
            {
                code: "SE150",
                path,
                message: `The KV cache of ${model} for ${tokens} takes ${showMemory(cache)}, its weights ${showMemory(weights)}.`,
                fix: `Write \`cache: q8_0\` (${half}), or a shorter \`context\`.`,
            },
        ];
    });
};
