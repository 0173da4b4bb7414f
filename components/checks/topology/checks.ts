import type { Check } from "../../fleet/check";
import { copiesElsewhere } from "./backups";
import { doorWithData, edges, modelCircuits, nameservers, statusPage } from "./doors";

/** Checks of the family `topology`. */
export const topologyChecks: readonly Check[] = [
    nameservers,
    edges,
    modelCircuits,
    doorWithData,
    statusPage,
    copiesElsewhere,
];
