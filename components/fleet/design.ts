import { planMesh, type MeshNode } from "../mesh/plan";
import { planNames, type PublicName } from "../names/plan";
import { planMachines, type Machine } from "../node/plan";
import { planInstances, type Instance } from "../services/plan";
import { staying } from "./leaving";
import type { Inventory } from "./schema";

/**
 * What a whole fleet amounts to, as plain facts: what checks look at, what `./fleet check` shows. Total: an inventory in
 * which names lead nowhere gives the facts that can be had.
 */
export interface Design {
    readonly machines: Readonly<Record<string, Machine>>;
    readonly mesh: Readonly<Record<string, MeshNode>>;
    readonly instances: readonly Instance[];
    readonly names: readonly PublicName[];
}

/** Computes the facts of a fleet from its inventory alone; the same for the same inventory in any order. */
export function designFleet(written: Inventory): Design {
    const inventory = staying(written);
    return {
        machines: planMachines(inventory),
        mesh: planMesh(inventory),
        instances: planInstances(inventory),
        names: planNames(inventory),
    };
}
