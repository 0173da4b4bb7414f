import { agentServices } from "./agents";
import { codeServices } from "./code";
import { dataServices } from "./data";
import type { ServiceType } from "./entry";
import { reachServices } from "./reach";
import { watchServices } from "./watch";

/** Every type of service by the name an inventory uses. */
export const catalogue: Readonly<Record<string, ServiceType>> = {
    ...dataServices,
    ...codeServices,
    ...agentServices,
    ...watchServices,
    ...reachServices,
};

/** The type of a block: what it says, else its own key; nothing when the catalogue does not know it. */
export function typeOf(block: string, { type }: { readonly type?: string | undefined }): ServiceType | undefined {
    const name = type ?? block;
    return Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
}
