import type { Check } from "../../fleet/check";

/** Checks of the family `network`. */
export const networkChecks: readonly Check[] = [];
