import type { Budget, BudgetItem } from "../../budget/plan";

const gib = 2 ** 30;

/** Most items that a sum names one by one. */
const named = 6;

/** `8.00 GiB − 0.75 system − 0.50 postgres = 6.75 GiB`: what a node's memory has left after some items. */
export function memorySum({ size, reserve }: Budget, items: readonly BudgetItem[]): string {
    return sum(size / gib, reserve / gib, items, gib, "GiB");
}

/** `128.0 GB − 11.4 system − 2.0 llama3.2:3b = 114.6 GB`: what a node's disk has left after some items. */
export function diskSum({ size, reserve }: Budget, items: readonly BudgetItem[]): string {
    return sum(size / 1e9, reserve / 1e9, items, 1e9, "GB");
}

function sum(size: number, reserve: number, items: readonly BudgetItem[], unit: number, word: string): string {
    const shown = items.length > named ? items.slice(0, named - 1) : items;
    const rest = items.slice(shown.length);
    const of = (bytes: number): string => (bytes / unit).toFixed(2);
    const total = (some: readonly BudgetItem[]): number => some.reduce((bytes, item) => bytes + item.bytes, 0);
    const parts = [
        `${size.toFixed(2)} ${word}`,
        `${reserve.toFixed(2)} system`,
        ...shown.map(({ what, bytes }) => `${of(bytes)} ${what}`),
        ...(rest.length === 0 ? [] : [`${of(total(rest))} for ${rest.length} more`]),
    ];
    return `${parts.join(" − ")} = ${(size - reserve - total(items) / unit).toFixed(2).replace("-", "−")} ${word}`;
}

/** GiB with two decimals, as in the sums above. */
export function inGib(bytes: number): string {
    return `${(bytes / gib).toFixed(2)} GiB`;
}
