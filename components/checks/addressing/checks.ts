import type { Check } from "../../fleet/check";

/** Checks of the family `addressing`. */
export const addressingChecks: readonly Check[] = [];
