import { z } from "zod";
import { domainName, domainPattern, placement } from "../edge/schema";
import { date, money } from "../fleet/units";

/** The authoritative nameservers: PowerDNS. */
export const dnsSchema = z.strictObject({
    primary: z
        .string()
        .describe(
            "Node that holds the zones. With secondaries it is hidden: they answer, and it may stand behind NAT.",
        ),
    secondaries: placement.optional().describe("Public nodes that answer for the domains: the NS records."),
});

const domain = z.strictObject({
    expires: date.optional().describe("Day until which it is paid for."),
    cost: money("/year").optional().describe("What the registrar takes."),
    registrar: domainName.optional().describe("Who can take it away."),
});

/** The registered domains by name or pattern; a public name outside them is refused. */
export const domainsSchema = z.record(
    domainPattern,
    domain.nullable().transform((value) => value ?? {}),
);
