import type { Check } from "../../fleet/check";

/** Checks of the family `services`. */
export const serviceChecks: readonly Check[] = [];
