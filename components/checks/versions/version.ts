/** Compares two versions number by number (`0.9` is older than `0.26.1`): negative, 0 or positive. What is missing counts as 0. */
export function compareVersions(a: string, b: string): number {
    const [left, right] = [numbers(a), numbers(b)];
    const length = Math.max(left.length, right.length);
    const differing = Array.from({ length }, (_, index) => (left[index] ?? 0) - (right[index] ?? 0));
    return differing.find((difference) => difference !== 0) ?? 0;
}

/** Whether a version is in a range as npm writes them: comparisons joined by spaces, alternatives by `||`. */
export function satisfies(version: string, range: string): boolean {
    return range.split("||").some((alternative) =>
        alternative
            .trim()
            .split(/\s+/)
            .every((comparison) => holds(version, comparison)),
    );
}

function holds(version: string, comparison: string): boolean {
    const [, operator = "", bound = ""] = /^(>=|<=|>|<|=)?(.*)$/.exec(comparison) ?? [];
    const order = compareVersions(version, bound);
    switch (operator) {
        case ">=":
            return order >= 0;
        case "<=":
            return order <= 0;
        case ">":
            return order > 0;
        case "<":
            return order < 0;
        default:
            return order === 0;
    }
}

function numbers(version: string): number[] {
    return version.replace(/^v/, "").split(/[.+-]/).map(Number).filter(Number.isFinite);
}
