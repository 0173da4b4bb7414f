import type { Problem } from "./errors";
import type { Inventory } from "./schema";
import { models } from "../models/catalogue";
import type { Stack } from "./stack";

type Path = readonly (string | number)[];
type Gap = readonly [what: string, path: Path];

/**
 * What an inventory asks for that can be planned and not yet be brought up (SE045), one problem each. `./fleet check` shows
 * it as what is to come; nothing that goes to a machine starts before it is empty.
 */
export function notBuilt({ inventory }: Pick<Stack, "inventory">): Problem[] {
    const gaps = [...nameGaps(inventory), ...modelGaps(inventory), ...restGaps(inventory)];
    return gaps.map(([what, path]) => ({
        code: "SE045",
        path,
        message: `${what} not built yet.`,
        fix: "`./fleet check` plans it already; leave it out to bring up the rest.",
    }));
}

function nameGaps({ edge, dns }: Inventory): Gap[] {
    return [
        ...((edge?.at.length ?? 0) > 1 ? [["Passing challenges between two edges is", ["edge", "at"]] as Gap] : []),
        ...(Object.keys(edge?.redirects ?? {}).length > 0 ? [["Redirecting is", ["edge", "redirects"]] as Gap] : []),
        ...(dns?.secondaries === undefined ? [] : [["A secondary nameserver is", ["dns", "secondaries"]] as Gap]),
    ];
}

function modelGaps(inventory: Inventory): Gap[] {
    if (inventory.models === undefined) return [];
    const { engines, serve, aliases, exclusive } = inventory.models;
    const names = Object.keys(serve);
    return [
        ...Object.keys(engines)
            .filter((engine) => engine !== "llama.cpp")
            .map((engine): Gap => [`The engine ${engine} is`, ["models", "engines", engine]]),
        ...(engines["llama.cpp"]?.version === undefined
            ? []
            : [["Another version of llama.cpp is", ["models", "engines", "llama.cpp", "version"]] as Gap]),
        ...names
            .filter((model) => models[model]?.url === undefined)
            .map((model): Gap => [`Serving ${model} is`, ["models", "serve", model]]),
        ...names
            .slice(1, 2)
            .map((model): Gap => ["Choosing between models by the request is", ["models", "serve", model]]),
        ...(Object.keys(aliases).length > 0 ? [["Choosing by alias is", ["models", "aliases"]] as Gap] : []),
        ...(Object.keys(exclusive).length > 0 ? [["Taking turns is", ["models", "exclusive"]] as Gap] : []),
    ];
}

function restGaps({ websites, services, alerts, backups }: Inventory): Gap[] {
    return [
        ...Object.keys(websites).map((block): Gap => ["Serving websites is", ["websites", block]]),
        ...Object.entries(services).map(([block, { type }]): Gap => [
            `The service ${type ?? block} is`,
            ["services", block],
        ]),
        ...(alerts === undefined ? [] : [["Alerting is", ["alerts"]] as Gap]),
        ...(backups === undefined ? [] : [["Backing up is", ["backups"]] as Gap]),
    ];
}
