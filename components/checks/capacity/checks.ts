import type { Check } from "../../fleet/check";

/** Checks of the family `capacity`. */
export const capacityChecks: readonly Check[] = [];
