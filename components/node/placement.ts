import { didYouMean, listOf, type Problem } from "../fleet/errors";

/**
 * The problems of a placement: each node that is named must exist. `path` leads to the placement. None in an inventory
 * without nodes, where SE006 says the one thing to do.
 */
export function placementProblems(
    at: readonly string[],
    path: readonly (string | number)[],
    nodeNames: readonly string[],
): Problem[] {
    if (nodeNames.length === 0) return [];
    return at
        .filter((name) => !nodeNames.includes(name))
        .map((name) => ({
            code: "SE012",
            path,
            message: `There is no node "${name}".`,
            fix: didYouMean(name, nodeNames, `Write ${listOf(nodeNames)}.`),
        }));
}
