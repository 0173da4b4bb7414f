import type { Check } from "../../fleet/check";
import { domainChecks } from "./domains";
import { formChecks } from "./form";
import { uniqueChecks } from "./unique";

/** Checks of the family `names`. */
export const nameChecks: readonly Check[] = [...uniqueChecks, ...formChecks, ...domainChecks];
