import type { Check } from "../../fleet/check";
import { listOf, type Problem } from "../../fleet/errors";
import { engineOptions } from "../../models/engine";
import { engineNames, type EngineName } from "../../models/schema";
import { floors, goneOptions, newestKnown, type GoneOption } from "./vanished";
import { compareVersions } from "./version";

/** Variables and flags that the engine's version does not know. */
export const optionsExist: Check = ({ inventory }) =>
    engineNames.flatMap((engine): Problem[] => {
        const written = engineOptions(inventory, engine);
        const version = written?.version ?? newestKnown[engine];
        if (written === undefined || version === undefined) return [];
        const flags = written.flags.map((flag) => flag.split(/[= ]/)[0] ?? "");
        return [
            ...Object.keys(written.environment).map((name) => ({ name, key: "environment" })),
            ...flags.map((name) => ({ name, key: "flags" })),
        ].flatMap(({ name, key }): Problem[] => {
            const option = goneOptions[engine]?.find((known) => known.name === name);
            const wrong = option === undefined ? undefined : absence(option, engine, version);
            if (option === undefined || wrong === undefined) return [];
            const path = ["models", "engines", engine, key, ...(key === "environment" ? [name] : [])];
            return [{ code: "SE160", path, message: wrong, fix: option.instead }];
        });
    });

function absence({ name, until }: GoneOption, engine: EngineName, version: string): string | undefined {
    if (compareVersions(version, until) < 0) return undefined;
    const outcome = name.startsWith("-") ? "it would not start" : "it would be ignored without a word";
    return `${engine} ${version} has no ${name} any more, it went with ${until}: ${outcome}.`;
}

/** Engines that are too old for a model they serve. */
export const newEnough: Check = ({ inventory, design }) => {
    const served = engineNames.map((engine) => ({
        engine,
        version: engineOptions(inventory, engine)?.version,
        models: [...new Set(design.fits.filter((fit) => fit.engine === engine).map(({ model }) => model))],
    }));
    return served.flatMap(({ engine, version, models }) =>
        models.flatMap((model): Problem[] => {
            const floor = floors[engine]?.[model];
            if (version === undefined || floor === undefined || compareVersions(version, floor) >= 0) return [];
            return [
                {
                    code: "SE161",
                    path: ["models", "engines", engine, "version"],
                    message: `${model} needs ${engine} ${floor} or newer, not ${version}.`,
                    fix: `Write \`version: ${newestKnown[engine] ?? floor}\`, or leave it out.`,
                },
            ];
        }),
    );
};

const onGraphics: readonly EngineName[] = ["vllm", "sglang", "comfyui"];

/** Engines that need CUDA, on machines that have no graphics processor for it: Raspberry Pis and droplets without one. */
export const machinesRunIt: Check = ({ inventory, design }) =>
    onGraphics.flatMap((engine): Problem[] => {
        const cannot = (engineOptions(inventory, engine)?.at ?? []).filter((node) => {
            const machine = design.machines[node];
            return machine !== undefined && (machine.os.startsWith("raspberry-pi-os") || isSmall(machine));
        });
        if (cannot.length === 0) return [];
        return [
            {
                code: "SE162",
                path: ["models", "engines", engine],
                message: `${engine} computes by CUDA, and ${listOf(cannot).replace(" or ", " and ")} ${cannot.length === 1 ? "has" : "have"} no such processor.`,
                fix: "Serve by ollama or llama.cpp there, or place it on a machine with an NVIDIA GPU.",
            },
        ];
    });

function isSmall({ droplet, profile }: { readonly droplet: boolean; readonly profile: string }): boolean {
    return profile.startsWith("pi") || (droplet && !profile.startsWith("gpu-"));
}
