import type { Check } from "../../fleet/check";

/** Checks of the family `certificates`. */
export const certificateChecks: readonly Check[] = [];
