import type { Check } from "../../fleet/check";
import { listOf, type Problem } from "../../fleet/errors";
import { chooseEngine } from "../../models/engine";

/** A node with two engines that could serve the model, and nobody says which. */
export const oneEngine: Check = ({ inventory }) =>
    Object.entries(inventory.models?.serve ?? {}).flatMap(([model, { at }]) =>
        at.flatMap((placement): Problem[] => {
            const choice = chooseEngine(inventory, model, placement);
            if ("engine" in choice || choice.able.length < 2 || placement.includes("/")) return [];
            return [
                {
                    code: "SE143",
                    path: ["models", "serve", model],
                    message: `${listOf(choice.able).replace(" or ", " and ")} of ${placement} can both serve ${model}.`,
                    fix: `Write ${listOf(choice.able.map((engine) => `${placement}/${engine}`))}.`,
                },
            ];
        }),
    );

/** hailo-ollama on a machine without the one accelerator that it knows. */
export const npuThere: Check = ({ inventory }) =>
    (inventory.models?.engines["hailo-ollama"]?.at ?? []).flatMap((node): Problem[] => {
        const entry = inventory.nodes[node];
        if (entry === undefined || entry.npu === "hailo-10h") return [];
        const why =
            entry.npu === undefined
                ? `${node} has no accelerator`
                : `${node}'s ${entry.npu} runs vision networks only: it has no memory for the weights of a language model`;
        return [
            {
                code: "SE155",
                path: ["models", "engines", "hailo-ollama"],
                message: `${why}; hailo-ollama needs a Hailo-10H.`,
                fix: `Serve by ollama on ${node}, on its processor; or fit a Hailo-10H (AI HAT+ 2) and write \`npu: hailo-10h\`.`,
            },
        ];
    });
