import type { Inventory } from "../fleet/schema";
import type { PublicName } from "./plan";
import { registeredOf } from "./zone";

/** A certificate that one edge asks the CA for. Each edge has certificates of its own, so that none waits for another. */
export interface WantedCertificate {
    readonly name: string;
    readonly edge: string;
    /** The registered domain that the CA counts it under; absent when the name lies in none. */
    readonly registered?: string;
}

/** Every certificate of every edge, by name and edge; a name that is asked for twice needs one. */
export function planCertificates({ domains }: Inventory, names: readonly PublicName[]): WantedCertificate[] {
    const unique = new Map(names.map((name) => [name.name, name]));
    return [...unique.values()].flatMap(({ name, edges }) => {
        const registered = registeredOf(name, Object.keys(domains));
        return edges.map((edge) => ({ name, edge, ...(registered === undefined ? {} : { registered }) }));
    });
}
