import { groupBy } from "../fleet/group";
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
    const all = [
        ...accessParties(inventory, names),
        ...sourceParties(inventory, machines),
        ...serviceParties(inventory),
    ];
    const merged = [...groupBy(all, ({ name, role, when }) => `${name} ${role} ${when}`).values()].flatMap((same) => {
        const [first] = same;
        const stops = [...new Set(same.flatMap((party) => party.stops))].sort();
        return first === undefined ? [] : [{ ...first, stops }];
    });
    return merged.sort((a, b) => a.name.localeCompare(b.name) || a.role.localeCompare(b.role));
}
