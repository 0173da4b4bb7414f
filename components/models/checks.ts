import type { Check } from "../fleet/check";
import { didYouMean, listOf } from "../fleet/errors";
import { placementProblems } from "../node/placement";
import { models } from "./catalogue";

const placements: Check = (checked) => [
    ...Object.entries(checked.inventory.models?.engines ?? {}).flatMap(([engine, at]) =>
        placementProblems(at, ["models", "engines", engine], checked),
    ),
    ...Object.entries(checked.inventory.models?.serve ?? {}).flatMap(([model, at]) =>
        placementProblems(at, ["models", "serve", model], checked),
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
    const engines = inventory.models?.engines["llama.cpp"] ?? [];
    return Object.entries(inventory.models?.serve ?? {}).flatMap(([model, at]) =>
        at
            .filter((node) => nodeNames.includes(node) && !engines.includes(node))
            .map((node) => ({
                code: "SE031" as const,
                path: ["models", "serve", model],
                message: `${node} runs no engine that could serve ${model}.`,
                fix: `Add ${node} to models.engines.llama.cpp.`,
            })),
    );
};

const oneModel: Check = ({ inventory }) => {
    const serve = Object.entries(inventory.models?.serve ?? {});
    const second = serve[1]?.[0];
    return second === undefined
        ? []
        : [
              {
                  code: "SE032" as const,
                  path: ["models", "serve", second],
                  message: `The gateway cannot yet choose between ${serve.map(([model]) => model).join(" and ")}.`,
                  fix: "Serve one model; routing by the request's `model` is not built yet.",
              },
          ];
};

/** Checks on models, engines and the gateway. */
export const modelChecks: readonly Check[] = [placements, known, engineThere, oneModel];
