import type { Check } from "../../fleet/check";
import { bastions, deadRelays } from "./roads";
import { uplinks } from "./uplink";

/** Checks of the family `network`; that edges and nameservers are public is said by SE022. */
export const networkChecks: readonly Check[] = [uplinks, bastions, deadRelays];
