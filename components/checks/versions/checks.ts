import type { Check } from "../../fleet/check";

/** Checks of the family `versions`. */
export const versionChecks: readonly Check[] = [];
