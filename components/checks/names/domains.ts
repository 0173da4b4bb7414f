import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";

/** Days before the end in which one is warned. */
const notice = 30;
const day = 86_400_000;

const paid: Check = ({ inventory, today }) => {
    if (today === undefined) return [];
    return Object.entries(inventory.domains).flatMap(([domain, { expires }]): Problem[] => {
        if (expires === undefined) return [];
        const left = Math.round((Date.parse(expires) - Date.parse(today)) / day);
        const path = ["domains", domain, "expires"];
        const fix = "Renew it at its registrar, then write the new day here.";
        if (left < 0)
            return [
                {
                    code: "SE184",
                    path,
                    message: `${domain} was paid for until ${expires}, ${-left} ${left === -1 ? "day" : "days"} before ${today}.`,
                    fix,
                },
            ];
        if (left > notice) return [];
        return [
            {
                code: "SE185",
                path,
                message: `${domain} is paid for until ${expires}: ${left} more ${left === 1 ? "day" : "days"} from ${today}.`,
                fix,
            },
        ];
    });
};

/** Names at the top that nobody can register (RFC 2606, RFC 6761, RFC 6762, RFC 8375, ICANN 2024). */
const reserved = ["internal", "local", "localhost", "invalid", "onion", "lan", "home", "corp", "arpa"];

const registrable: Check = ({ inventory }) =>
    Object.keys(inventory.domains).flatMap((domain): Problem[] => {
        const top = domain.split(".").at(-1) ?? "";
        if (!reserved.includes(top)) return [];
        return [
            {
                code: "SE187",
                path: ["domains", domain],
                message: `Nobody can register ${domain}: .${top} is not part of the DNS on the internet, and no CA signs for it.`,
                fix: "Write a domain you registered, or leave `public` out: names inside the fleet end in .internal by themselves.",
            },
        ];
    });

/** Checks on the domains themselves. */
export const domainChecks: readonly Check[] = [paid, registrable];
