import type { Check } from "../../fleet/check";
import { usable } from "./addresses";
import { insideLan6, mesh6, same6, usable6, used6 } from "./ipv6";
import { lanUnsaid, privateRanges, tooSmallLan, tooSmallMesh } from "./networks";
import { containerOverlap, meshOverlap, sameLan, vpcOverlap } from "./overlaps";
import { vpcRanges } from "./vpcs";

/** Checks of the family `addressing`. */
export const addressingChecks: readonly Check[] = [
    meshOverlap,
    vpcOverlap,
    containerOverlap,
    sameLan,
    usable,
    tooSmallLan,
    tooSmallMesh,
    lanUnsaid,
    privateRanges,
    vpcRanges,
    usable6,
    same6,
    insideLan6,
    used6,
    mesh6,
];
