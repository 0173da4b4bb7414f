import { requireComplete } from "../../components/fleet/complete";
import { planFleet, type FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";

/**
 * The plan for a verb that needs no complete stack: who is asked, or released, may be planned with less than what `up` needs.
 * @throws InventoryError in the words of `up` when what is missing keeps it from being planned at all
 */
export function planOf(stack: Stack): FleetPlan {
    try {
        return planFleet(stack);
    } catch (error) {
        requireComplete(stack);
        throw error;
    }
}
