import type { Check } from "../../fleet/check";

/** Checks of the family `topology`. */
export const topologyChecks: readonly Check[] = [];
