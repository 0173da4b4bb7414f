import type { Inventory } from "../fleet/schema";

/** Somebody outside the fleet who could stop a part of it. */
export interface Party {
    readonly name: string;
    /** What he is needed for. */
    readonly role:
        "hosting" | "registrar" | "certificates" | "uplink" | "packages" | "models" | "api" | "messages" | "backup";
    /** What stands still without him, and whether at once or only at the next change. */
    readonly stops: readonly string[];
    readonly when: "at once" | "later";
}

/** Every outside party, by name. */
export function planParties(inventory: Inventory): Party[] {
    void inventory;
    return [];
}
