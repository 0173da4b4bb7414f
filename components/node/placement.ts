import type { Checked } from "../fleet/check";
import { didYouMean, listOf, type Problem } from "../fleet/errors";

/**
 * The problems of a placement: each node that is named must exist, and must not be about to leave. `path` leads to the
 * placement. None in an inventory without nodes, where SE006 says the one thing to do.
 */
export function placementProblems(
    at: readonly string[],
    path: readonly (string | number)[],
    { inventory, nodeNames }: Checked,
): Problem[] {
    if (nodeNames.length === 0) return [];
    const leaves = (name: string): boolean => inventory.nodes[name]?.leaving !== undefined;
    const staying = nodeNames.filter((name) => !leaves(name));
    return at.flatMap((name): Problem[] => {
        if (!nodeNames.includes(name)) {
            const fix = didYouMean(name, staying, `Write ${listOf(staying)}.`);
            return [{ code: "SE012", path, message: `There is no node "${name}".`, fix }];
        }
        return leaves(name) ? [{ code: "SE017", path, ...leavingWords(name, inventory, staying) }] : [];
    });
}

function leavingWords(
    name: string,
    { nodes }: Checked["inventory"],
    staying: readonly string[],
): Pick<Problem, "message" | "fix"> {
    const others = staying.length === 0 ? "" : `, or write ${listOf(staying)}`;
    return {
        message: `${name} leaves the fleet (leaving: ${String(nodes[name]?.leaving)}): nothing can stand there.`,
        fix: `Take ${name} out here${others}.`,
    };
}
