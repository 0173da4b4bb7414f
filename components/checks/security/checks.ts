import type { Check } from "../../fleet/check";
import { exposureChecks } from "./exposure";
import { keyChecks } from "./keys";
import { outsideChecks } from "./outside";

/** Checks of the family `security`. */
export const securityChecks: readonly Check[] = [...exposureChecks, ...keyChecks, ...outsideChecks];
