import type { Check } from "../../fleet/check";
import { idleAccelerator, lanes, laneSpeeds, pageSizes, possiblePages } from "./fit";
import { knownNames, knownRegion, saidTwice } from "./names";
import { supplies, wornCards } from "./wear";

/** Checks of the family `hardware`. */
export const hardwareChecks: readonly Check[] = [
    knownNames,
    knownRegion,
    saidTwice,
    pageSizes,
    possiblePages,
    lanes,
    laneSpeeds,
    supplies,
    idleAccelerator,
    wornCards,
];
