import { isPrivate } from "../fleet/net";
import type { NodeEntry } from "./schema";

/** Whether a node cannot be reached from the internet. */
export function behindNat({ droplet, address }: NodeEntry): boolean {
    return droplet === undefined && address !== undefined && isPrivate(address);
}

/** Address at which others reach a node; a droplet without one gets it when it is made, and is referred to until then. */
export function endpointAddress(name: string, { address }: NodeEntry): string {
    return address ?? `{{address:${name}}}`;
}

/** Names of nodes before the `/` of `NODE/ENGINE`. */
export function nodeOf(placement: string): string {
    return placement.split("/")[0] ?? "";
}
