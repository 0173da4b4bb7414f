import type { Inventory } from "../fleet/schema";
import type { Money } from "../fleet/units";
import type { Machine } from "../node/plan";

/** One line of what a fleet costs. */
export interface CostLine {
    readonly what: string;
    readonly cost: Money;
    readonly per: "once" | "month" | "year";
    /** How it was computed: `5 × 6.3 W × 730 h × 0.12 USD/kWh`. */
    readonly arithmetic: string;
}

/** What a fleet costs, once and running. */
export function planCosts(inventory: Inventory, machines: Readonly<Record<string, Machine>>): CostLine[] {
    void [inventory, machines];
    return [];
}
