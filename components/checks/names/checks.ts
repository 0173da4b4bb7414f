import type { Check } from "../../fleet/check";

/** Checks of the family `names`. */
export const nameChecks: readonly Check[] = [];
