/** `1 node`, `3 nodes`. */
export function count(n: number, one: string, many = `${one}s`): string {
    return `${n} ${n === 1 ? one : many}`;
}

/** Names as people list them: up to `limit` of them all, else the first `shown` and how many more there are. */
export function someOf(names: readonly string[], limit = 4, shown = limit - 1): string {
    if (names.length <= limit) return names.join(", ");
    return `${names.slice(0, shown).join(", ")} and ${names.length - shown} more`;
}
