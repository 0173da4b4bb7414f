import type { Check } from "../fleet/check";
import { didYouMean, listOf } from "../fleet/errors";
import { nodeOf } from "../node/machine";
import { placementProblems } from "../node/placement";
import { models } from "./catalogue";

const placements: Check = (checked) => [
    ...Object.entries(checked.inventory.models?.engines ?? {}).flatMap(([engine, { at }]) =>
        placementProblems(at, ["models", "engines", engine], checked),
    ),
    ...Object.entries(checked.inventory.models?.serve ?? {}).flatMap(([model, { at }]) =>
        placementProblems(at.map(nodeOf), ["models", "serve", model], checked),
    ),
];

const known: Check = ({ inventory }) => {
    const names = Object.keys(models);
    return Object.keys(inventory.models?.serve ?? {})
        .filter((model) => !names.includes(model))
        .map((model) => ({
            code: "SE030" as const,
            path: ["models", "serve", model],
            message: `Model "${model}" is not in the catalogue.`,
            fix: didYouMean(model, names, `Write ${listOf(names)}.`),
        }));
};

const engineThere: Check = ({ inventory, nodeNames }) => {
    const engines = inventory.models?.engines["llama.cpp"]?.at ?? [];
    return Object.entries(inventory.models?.serve ?? {}).flatMap(([model, { at }]) =>
        at
            .map(nodeOf)
            .filter((node) => nodeNames.includes(node) && !engines.includes(node))
            .map((node) => ({
                code: "SE031" as const,
                path: ["models", "serve", model],
                message: `${node} runs no engine that could serve ${model}.`,
                fix: `Add ${node} to models.engines.llama.cpp.`,
            })),
    );
};

/** Checks on models, engines and the gateway. */
export const modelChecks: readonly Check[] = [placements, known, engineThere];
