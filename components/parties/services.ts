import { backupHost, backupTargets } from "../backups/targets";
import type { Inventory } from "../fleet/schema";
import { isPrivate, isIPv4 } from "../fleet/net";
import { zoneOf } from "../names/zone";
import { typeOf } from "../services/catalogue/catalogue";
import type { Party } from "./plan";

/** Servers of a channel where the inventory names none. */
const channels: Readonly<Record<string, string>> = {
    telegram: "api.telegram.org",
    matrix: "the Matrix server",
    ntfy: "ntfy.sh",
    email: "the mail server",
};

/** Whom services, alerts and backups talk to beyond the fleet. */
export function serviceParties(inventory: Inventory): Party[] {
    return [...services(inventory), ...alerts(inventory), ...backups(inventory)];
}

function services({ services: blocks }: Inventory): Party[] {
    return Object.entries(blocks).flatMap(([block, entry]): Party[] => {
        const { provider, secrets = [], mirror } = entry;
        const known = typeOf(block, entry)?.outside ?? [];
        const telegram = secrets.some((secret) => secret.includes("telegram"));
        return [
            ...known.map(({ name, role, stops, when }) => ({ name, role, stops: [stops], when })),
            ...(provider === undefined
                ? []
                : [{ name: provider, role: "api", stops: [block], when: "at once" } as const]),
            // The name of the secret is all that says over which channel it is asked.
            ...(telegram ? [messages("api.telegram.org", `talking to ${block}`)] : []),
            ...(mirror === undefined
                ? []
                : [
                      {
                          name: mirror.replace(/^[a-z+]+:\/\//, "").split("/")[0] ?? mirror,
                          role: "backup",
                          stops: [`the mirror of ${block}`],
                          when: "later",
                      } as const,
                  ]),
        ];
    });
}

function alerts({ alerts: written, domains }: Inventory): Party[] {
    if (written === undefined) return [];
    const server = written.server ?? channels[written.to] ?? written.to;
    return zoneOf(server, Object.keys(domains)) === undefined ? [messages(server, "alerts")] : [];
}

function backups(inventory: Inventory): Party[] {
    return backupTargets(inventory).flatMap(([name, { to }]): Party[] => {
        const host = outsideHost(to);
        return host === undefined
            ? []
            : [
                  {
                      name: host,
                      role: "backup",
                      stops: [`new copies of ${name}, and getting the old ones back`],
                      when: "later",
                  },
              ];
    });
}

/** Whose machine a target is, when it is not ours: a store of the fleet, a box on the LAN and a stick are. */
function outsideHost(to: string): string | undefined {
    if (to.startsWith("spaces/")) return "DigitalOcean Spaces";
    const host = backupHost(to);
    if (host === undefined || !host.includes(".") || /\.(internal|local|lan)$/.test(host)) return undefined;
    return isIPv4(host) && isPrivate(host) ? undefined : host;
}

function messages(name: string, stops: string): Party {
    return { name, role: "messages", stops: [stops], when: "at once" };
}
