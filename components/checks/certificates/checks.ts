import { letsEncrypt } from "../../edge/account";
import type { Check, Checked } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { groupBy } from "../../fleet/group";
import { planCertificates, type WantedCertificate } from "../../names/certificates";

/** Let's Encrypt's limits for what is not a renewal (letsencrypt.org/docs/rate-limits, read 2026-08-21). */
const limits = { aDomainAWeek: 50, ordersInThreeHours: 300, sameNamesAWeek: 5 };

/** What is asked of Let's Encrypt; nothing of another CA, whose limits we do not know, nor of its staging. */
function wanted({ inventory, design }: Checked): WantedCertificate[] {
    const { directory } = inventory.edge?.acme ?? {};
    const isOther = directory !== undefined && new URL(directory).hostname !== new URL(letsEncrypt).hostname;
    return isOther ? [] : planCertificates(inventory, design.names);
}

const aWeek: Check = (checked) => {
    const registered = wanted(checked).filter((one) => one.registered !== undefined);
    const byDomain = groupBy(registered, (one) => one.registered ?? "");
    const edges = checked.inventory.edge?.at.length ?? 1;
    return [...byDomain].flatMap(([domain, { length: all }]): Problem[] => {
        const one = all / edges;
        const path = ["domains", domain];
        const sum = `${edges === 1 ? all : `${one} names × ${edges} edges = ${all}`} certificates`;
        const limit = limits.aDomainAWeek;
        const weeks = Math.ceil(all / limit);
        if (weeks > 1) {
            const message = `${domain}: ${sum} take ${weeks} weeks at ${limit} a week for a registered domain.`;
            const fix = `Spread the names over ${weeks} domains, or accept that the last ones come up in week ${weeks}.`;
            return [{ code: "SE190", path, message, fix }];
        }
        if (all + one <= limit) return [];
        return [
            {
                code: "SE191",
                path,
                message: `${domain}: ${sum}, and ${one} more when an edge is set up anew in the same week: ${all + one} of ${limit}.`,
                fix: "Spread the names over two domains, or keep a copy of each edge's /var/lib/caddy.",
            },
        ];
    });
};

const inThreeHours: Check = (checked) => {
    const all = wanted(checked);
    const edges = [...new Set(all.map(({ edge }) => edge))];
    const most = Math.max(0, ...edges.map((edge) => all.filter((one) => one.edge === edge).length));
    if (most <= limits.ordersInThreeHours) return [];
    const hours = 3 * (Math.ceil(most / limits.ordersInThreeHours) - 1);
    return [
        {
            code: "SE192",
            path: ["edge", "acme"],
            message: `${most} names are ${most} orders of each edge's account, and ${limits.ordersInThreeHours} are taken in three hours.`,
            fix: `Accept that the last ones come up ${hours} hours after the first, or publish fewer.`,
        },
    ];
};

const sameName: Check = (checked) => {
    const edges = new Set(wanted(checked).map(({ edge }) => edge)).size;
    if (edges + 1 <= limits.sameNamesAWeek) return [];
    return [
        {
            code: "SE193",
            path: ["edge", "at"],
            message: `${edges} edges have a certificate for the same name each, and one set up anew makes ${edges + 1}: ${limits.sameNamesAWeek} a week are signed.`,
            fix: `Write at most ${limits.sameNamesAWeek - 1} edges.`,
        },
    ];
};

/** Checks of the family `certificates`. */
export const certificateChecks: readonly Check[] = [aWeek, inThreeHours, sameName];
