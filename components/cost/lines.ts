import { groupBy } from "../fleet/group";
import type { Money } from "../fleet/units";

/** One line of what a fleet costs. */
export interface CostLine {
    readonly what: string;
    readonly cost: Money;
    /** What is paid by the year stands as a twelfth of it. */
    readonly per: "once" | "month";
    /** How it was computed: `5 × 6.3 W × 730 h × 0.12 USD/kWh`. */
    readonly arithmetic: string;
}

/** Sums by currency of what is paid once and of what is paid every month, sorted by currency. */
export function sumCosts(lines: readonly CostLine[], per: CostLine["per"]): Money[] {
    const sums = new Map<Money["currency"], number>();
    for (const { cost } of lines.filter((line) => line.per === per)) {
        sums.set(cost.currency, (sums.get(cost.currency) ?? 0) + cost.amount);
    }
    return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, amount]) => money(amount, currency));
}

/** Money as people read it: `24 USD`, `6.57 USD`. */
export function showMoney({ amount, currency }: Money): string {
    return `${Number.isInteger(amount) ? amount : amount.toFixed(2)} ${currency}`;
}

/** What one thing costs; things with the same words, price and basis make one line. */
export interface Item {
    readonly name: string;
    readonly what: string;
    readonly price: Money;
    readonly per: CostLine["per"];
    /** How the price of one is put: `(80 + 110) USD`. */
    readonly one: string;
    /** Where it comes from. */
    readonly basis: string;
}

/** Lines of things that cost the same for the same reason, each line naming its things, in the order of the first. */
export function grouped(items: readonly Item[]): CostLine[] {
    const groups = groupBy(items, ({ what, one, basis }) => `${what} ${one} ${basis}`);
    return [...groups.values()].flatMap((group): CostLine[] => {
        const [first] = group;
        if (first === undefined) return [];
        const cost = money(first.price.amount * group.length, first.price.currency);
        const what = `${group.map(({ name }) => name).join(", ")}: ${first.what}`;
        const arithmetic = `${group.length} × ${first.one} = ${showMoney(cost)} (${first.basis})`;
        return [{ what, cost, per: first.per, arithmetic }];
    });
}

/** An amount rounded to hundredths. */
export function money(amount: number, currency: Money["currency"]): Money {
    return { amount: Math.round(amount * 100) / 100, currency };
}
