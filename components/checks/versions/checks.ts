import type { Check } from "../../fleet/check";
import { machinesRunIt, newEnough, optionsExist } from "./engines";
import { nodeNewEnough, quadletThere } from "./systems";

/** Checks of the family `versions`. */
export const versionChecks: readonly Check[] = [optionsExist, newEnough, machinesRunIt, nodeNewEnough, quadletThere];
