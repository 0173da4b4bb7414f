import type { Check } from "../../fleet/check";
import { manyChecks } from "./many";
import { portChecks } from "./ports";
import { referenceChecks } from "./references";
import { secretChecks } from "./secrets";
import { typeChecks } from "./types";

/** Checks of the family `services`. */
export const serviceChecks: readonly Check[] = [
    ...typeChecks,
    ...manyChecks,
    ...portChecks,
    ...referenceChecks,
    ...secretChecks,
];
