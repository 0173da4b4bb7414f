import type { Check } from "../../fleet/check";

/** Checks of the family `security`. */
export const securityChecks: readonly Check[] = [];
