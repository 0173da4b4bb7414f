import { planBudgets, type NodeBudget } from "../budget/plan";
import { planCosts, type CostLine } from "../cost/plan";
import { planFlows, type Flow } from "../firewall/plan";
import { planMesh, type MeshNode } from "../mesh/plan";
import { planFits, type Fit } from "../models/fit";
import { planNames, type PublicName } from "../names/plan";
import { planMachines, type Machine } from "../node/plan";
import { planParties, type Party } from "../parties/plan";
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
    /** The one list of public names. */
    readonly names: readonly PublicName[];
    readonly fits: readonly Fit[];
    readonly budgets: Readonly<Record<string, NodeBudget>>;
    readonly flows: readonly Flow[];
    readonly costs: readonly CostLine[];
    readonly parties: readonly Party[];
}

/** Computes the facts of a fleet from its inventory alone; the same for the same inventory in any order. */
export function designFleet(written: Inventory): Design {
    const inventory = staying(written);
    const machines = planMachines(inventory);
    const instances = planInstances(inventory);
    const names = planNames(inventory, instances);
    const fits = planFits(inventory, machines);
    return {
        machines,
        mesh: planMesh(inventory),
        instances,
        names,
        fits,
        budgets: planBudgets(inventory, machines, instances, fits),
        flows: planFlows(inventory, instances, names),
        costs: planCosts(inventory, machines),
        parties: planParties(inventory, machines, names),
    };
}
