import type { Check } from "../../fleet/check";
import { showMemory } from "../../fleet/units";

/** Containers of which only their image knows what they take. */
export const containersBounded: Check = ({ inventory, design }) =>
    Object.entries(inventory.services)
        .filter(([block, { type = block, memory }]) => type === "container" && memory === undefined)
        .map(([block, { image }]) => {
            const guess = design.instances.find((instance) => instance.block === block)?.memory ?? 0;
            return {
                code: "SE156" as const,
                path: ["services", block],
                message: `Nobody says what ${image ?? "its image"} takes: it is counted, and stopped, at ${showMemory(guess)}.`,
                fix: "Write `memory:`, for example `memory: 256mb`.",
            };
        });
