import type { Check } from "../../fleet/check";

/** Checks of the family `hardware`. */
export const hardwareChecks: readonly Check[] = [];
