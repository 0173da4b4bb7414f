import { isWarning } from "./codes";
import { formatPath, type Problem } from "./errors";
import type { Inventory } from "./schema";

/** Problems after what the inventory accepts was taken out of them. */
export interface Judged {
    readonly problems: readonly Problem[];
    /** Warnings that stand with a reason. */
    readonly accepted: readonly { readonly problem: Problem; readonly reason: string }[];
}

/**
 * Takes accepted warnings out, and adds SE008 for each acceptance that nothing asks for any more.
 * @param unasked whether the acceptance of this key stands because nobody could look here and now
 */
export function judge(
    problems: readonly Problem[],
    { accept }: Pick<Inventory, "accept">,
    unasked: (key: string) => boolean = () => false,
): Judged {
    const keyOf = (problem: Problem): string => `${problem.code} ${formatPath(problem.path)}`;
    const isAccepted = (problem: Problem): boolean => isWarning(problem.code) && accept[keyOf(problem)] !== undefined;
    const found = new Set(problems.map(keyOf));
    const stale = Object.keys(accept).filter((key) => !found.has(key) && !unasked(key));
    return {
        problems: [...problems.filter((problem) => !isAccepted(problem)), ...stale.map(staleProblem)],
        accepted: problems.filter(isAccepted).map((problem) => ({ problem, reason: accept[keyOf(problem)] ?? "" })),
    };
}

function staleProblem(key: string): Problem {
    return {
        code: "SE008",
        path: ["accept", key],
        message: `Nothing warns of ${key} any more.`,
        fix: "Delete the line.",
    };
}
