import { z } from "zod";
import { domainName } from "../edge/schema";

/** The authoritative nameserver: PowerDNS. */
export const dnsSchema = z.strictObject({
    primary: z.string().describe("Node that answers for the domains; needs a public address."),
});

/** The registered domains; a public name outside them is refused. */
export const domainsSchema = z.record(domainName, z.strictObject({}).describe("Nothing to set yet."));
