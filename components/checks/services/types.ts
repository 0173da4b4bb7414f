import type { Check } from "../../fleet/check";
import { didYouMean, listOf } from "../../fleet/errors";
import { showMemory } from "../../fleet/units";
import { placementProblems } from "../../node/placement";
import { catalogue, typeOf } from "../../services/catalogue/catalogue";
import type { ServiceOption } from "../../services/catalogue/entry";
import { replaced } from "../../services/catalogue/replaced";

const placed: Check = (checked) => [
    ...Object.entries(checked.inventory.services).flatMap(([block, { at }]) =>
        placementProblems(at, ["services", block, "at"], checked),
    ),
    ...Object.entries(checked.inventory.websites).flatMap(([block, { at }]) =>
        placementProblems(at, ["websites", block, "at"], checked),
    ),
];

const known: Check = ({ inventory }) =>
    Object.entries(inventory.services).flatMap(([block, entry]) => {
        if (typeOf(block, entry) !== undefined) return [];
        const name = entry.type ?? block;
        const names = Object.keys(catalogue).sort();
        const instead = Object.hasOwn(replaced, name.toLowerCase()) ? replaced[name.toLowerCase()] : undefined;
        return [
            {
                code: "SE171" as const,
                path: entry.type === undefined ? ["services", block] : ["services", block, "type"],
                message: `There is no service "${name}" in the catalogue.`,
                fix: instead ?? didYouMean(name, names, `Write \`type:\` with ${listOf(names)}.`),
            },
        ];
    });

/** Keys that every type takes. */
const common = ["type", "at", "each", "memory", "disk"];

const options: Check = ({ inventory }) =>
    Object.entries(inventory.services).flatMap(([block, entry]) => {
        const type = typeOf(block, entry);
        if (type === undefined) return [];
        const name = entry.type ?? block;
        const written = Object.keys(entry).filter((key) => entry[key as keyof typeof entry] !== undefined);
        const takes: readonly string[] = [...common, ...type.options];
        return (
            written
                .filter((key) => !takes.includes(key))
                // Why it must not be public is said by SE200.
                .filter((key) => !(key === "public" && type.private !== undefined))
                .map((key) => ({
                    code: "SE170" as const,
                    path: ["services", block, key],
                    message: `${name} takes no \`${key}\`.`,
                    fix: `${taking(key as ServiceOption)}; ${name} takes ${[...type.options, "memory", "disk"].join(", ")}.`,
                }))
        );
    });

/** Which types take an option, for the fix of one that does not. */
function taking(option: ServiceOption): string {
    const types = Object.keys(catalogue).filter((name) => catalogue[name]?.options.includes(option));
    if (types.length > 4) return "Leave it out";
    return `Leave it out (it belongs to ${listOf(types)})`;
}

const enoughMemory: Check = ({ inventory }) =>
    Object.entries(inventory.services).flatMap(([block, entry]) => {
        const least = typeOf(block, entry)?.least;
        if (entry.memory === undefined || least === undefined || entry.memory >= least.bytes) return [];
        return [
            {
                code: "SE179" as const,
                path: ["services", block, "memory"],
                message: `${entry.type ?? block} does not start with ${showMemory(entry.memory)}: it takes ${showMemory(least.bytes)} (${least.basis}).`,
                fix: `Write at least ${least.bytes / 2 ** 20}mb, or leave it out for the usual amount.`,
            },
        ];
    });

/** Checks on types, their options and where they are placed. */
export const typeChecks: readonly Check[] = [placed, known, options, enoughMemory];
