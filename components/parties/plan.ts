import type { Inventory } from "../fleet/schema";
import type { PublicName } from "../names/plan";
import type { Machine } from "../node/plan";
import { accessParties } from "./access";
import { serviceParties } from "./services";
import { sourceParties } from "./sources";

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

/** Every outside party, by name; one line for each thing he is needed for. */
export function planParties(
    inventory: Inventory,
    machines: Readonly<Record<string, Machine>>,
    names: readonly PublicName[],
): Party[] {
    const merged = new Map<string, Party>();
    const all = [
        ...accessParties(inventory, names),
        ...sourceParties(inventory, machines),
        ...serviceParties(inventory),
    ];
    for (const party of all) {
        const key = `${party.name} ${party.role} ${party.when}`;
        const stops = [...new Set([...(merged.get(key)?.stops ?? []), ...party.stops])].sort();
        merged.set(key, { ...party, stops });
    }
    return [...merged.values()].sort((a, b) => a.name.localeCompare(b.name) || a.role.localeCompare(b.role));
}
