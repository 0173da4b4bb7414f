import type { JsonObject } from "./views";

/** A place where the official description is known to differ from what the real API takes. */
interface Difference {
    /** JSON pointer into the description. */
    readonly at: string;
    readonly becomes: JsonObject | readonly string[] | true;
    readonly why: string;
}

/** Every difference that the emulator allows; anything else is checked as it is described. */
export const DIFFERENCES: readonly Difference[] = [
    {
        at: "/components/schemas/droplet_create/properties/volumes/items",
        becomes: {},
        why: 'the description has texts; godo, the official client, sends objects: [{"id": …}]',
    },
    {
        at: "/components/schemas/droplet_create/properties/ssh_keys/nullable",
        becomes: true,
        why: "without keys godo sends null, as it does for tags, where the description knows of it",
    },
    {
        at: "/components/schemas/firewall_rule_base/required",
        becomes: ["protocol"],
        why: "a rule for icmp has no ports, and godo sends none; answers always hold them",
    },
];

/**
 * Puts the differences in, in place.
 * @throws Error when the description has no such place: it was renewed, and the difference may be gone.
 */
export function applyDifferences(description: JsonObject): void {
    for (const { at, becomes } of DIFFERENCES) {
        const parts = at.slice(1).split("/");
        const last = parts.pop() ?? "";
        let place = description as Record<string, unknown>;
        for (const part of parts) place = (place[part] ?? {}) as Record<string, unknown>;
        // A switch that the description leaves out is one that it leaves off.
        if (!(last in place) && (becomes !== true || Object.keys(place).length === 0))
            throw new Error(`The API's description has no ${at}.`);
        place[last] = becomes;
    }
}
