import type { Inventory } from "../fleet/schema";

/** A name on the internet, from the one list that edge routes, zone records and certificates are made of. */
export interface PublicName {
    readonly name: string;
    readonly kind: "gateway" | "website" | "service" | "redirect";
    /** Where the inventory asks for it. */
    readonly path: readonly (string | number)[];
}

/** Every public name, sorted. */
export function planNames(inventory: Inventory): PublicName[] {
    void inventory;
    return [];
}
