import { rentedText, stackOf } from "../support/stack";
import type { Stack } from "../../components/fleet/stack";

/** A public key of an operator. */
export const operatorKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBd5vdDvRkEAaf4B1xkQGqDXAU2pmTEJVHo1Gd1t5LSV";

/** The stack of such a fleet, with everything else in place. */
export function rentedStack(text = rentedText, rented: Stack["rented"] = {}): Stack {
    const stack = stackOf("dev", text);
    const hostKeys = stack.hostKeys.filter(({ node }) => node !== "gematria");
    return { ...stack, hostKeys, operatorKeys: [operatorKey], rented, secretNames: ["digitalocean-token"] };
}
