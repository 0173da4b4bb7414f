import type { Check } from "../fleet/check";
import { didYouMean, listOf, type Problem } from "../fleet/errors";
import { nodeOf } from "../node/machine";
import { placementProblems } from "../node/placement";
import { modelNames, modelOf } from "./catalogue";
import { chooseEngine, enginesFor } from "./engine";
import { engineNames } from "./schema";

const placements: Check = (checked) => [
    ...Object.entries(checked.inventory.models?.engines ?? {}).flatMap(([engine, { at }]) =>
        placementProblems(at, ["models", "engines", engine], checked),
    ),
    ...Object.entries(checked.inventory.models?.serve ?? {}).flatMap(([model, { at }]) =>
        placementProblems(at.map(nodeOf), ["models", "serve", model], checked),
    ),
    ...Object.entries(checked.inventory.models?.exclusive ?? {}).flatMap(([group, { at }]) =>
        placementProblems([at], ["models", "exclusive", group, "at"], checked),
    ),
];

const known: Check = ({ inventory }) => {
    const names = modelNames(inventory);
    return Object.keys(inventory.models?.serve ?? {})
        .filter((model) => !names.includes(model))
        .map((model) => ({
            code: "SE030" as const,
            path: ["models", "serve", model],
            message: `Model "${model}" is not in the catalogue.`,
            fix: didYouMean(model, names, "Describe it under models.weights: `disk: 4gb` is enough."),
        }));
};

const engineThere: Check = (checked) => {
    const { models } = checked.inventory;
    const written = Object.keys(checked.written(["models", "engines"]) ?? {});
    // An engine whose entry is wrong is not missing as well.
    if (models === undefined || written.some((engine) => !(engine in models.engines))) return [];
    return Object.entries(models.serve).flatMap(([model, { at }]) =>
        modelOf(checked.inventory, model) === undefined
            ? []
            : at.flatMap((placement) => engineProblem(checked, model, placement)),
    );
};

function engineProblem({ inventory, nodeNames }: Parameters<Check>[0], model: string, placement: string): Problem[] {
    const [node = "", written] = placement.split("/");
    const choice = chooseEngine(inventory, model, placement);
    const ambiguous = "able" in choice && written === undefined && choice.able.length > 1;
    if ("engine" in choice || ambiguous || !nodeNames.includes(node)) return [];
    const path = ["models", "serve", model];
    if (written !== undefined && !engineNames.some((engine) => engine === written)) {
        const fix = didYouMean(written, engineNames, `Write ${listOf(engineNames)}.`);
        return [{ code: "SE031", path, message: `There is no engine "${written}".`, fix }];
    }
    const engines = enginesFor(inventory, model);
    const running = choice.running.length === 0 ? "no engine" : listOf(choice.running).replace(" or ", " and ");
    const cannot = choice.running.length === 0 ? "" : `, which cannot serve ${model}`;
    const message =
        written === undefined || choice.running.some((engine) => engine === written)
            ? `${node} runs ${running}${cannot}.`
            : `${node} does not run ${written}.`;
    const wanted = engines.find((engine) => engine === written) ?? engines[0];
    return [{ code: "SE031", path, message, fix: `Add ${node} to models.engines.${wanted ?? "ollama"}.` }];
}

/** Checks on models, engines and the gateway. */
export const modelChecks: readonly Check[] = [placements, known, engineThere];
