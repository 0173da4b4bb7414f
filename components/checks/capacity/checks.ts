import type { Check } from "../../fleet/check";
import { aliasKinds, aliasNames, aliasPromises } from "./aliases";
import { containersBounded } from "./containers";
import { cacheSmall, contextKnown } from "./context";
import { diskFits } from "./disk";
import { npuThere, oneEngine } from "./engines";
import { groupsAnswer, groupsHold } from "./exclusive";
import { memoryFits, modelFits, noSwapping } from "./memory";
import { saidOnce } from "./said-once";
import { shares, unifiedShares } from "./shares";
import { speedRoof } from "./speed";
import { weightsAgree } from "./weights";

/** Checks of the family `capacity`. */
export const capacityChecks: readonly Check[] = [
    modelFits,
    memoryFits,
    noSwapping,
    diskFits,
    oneEngine,
    npuThere,
    shares,
    unifiedShares,
    saidOnce,
    aliasNames,
    aliasKinds,
    aliasPromises,
    groupsHold,
    groupsAnswer,
    contextKnown,
    cacheSmall,
    speedRoof,
    weightsAgree,
    containersBounded,
];
