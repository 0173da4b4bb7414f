import type { Check } from "../../fleet/check";
import { parsePrefix } from "../../fleet/net";
import { overlap } from "./ranges";

/** What DigitalOcean uses itself (docs.digitalocean.com, "Plan your VPC network"). */
const kept = ["10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24", "10.229.0.0/16"];

/** Longest and shortest prefix of a VPC (the same page). */
const [smallest, largest] = [28, 16];

/** VPCs as they were written; derived ones are chosen to fit. */
export const vpcRanges: Check = ({ inventory }) =>
    Object.entries(inventory.vpcs).flatMap(([region, text]) => {
        const prefix = parsePrefix(text);
        const problem = { code: "SE107" as const, path: ["vpcs", region] };
        if (prefix.length > smallest || prefix.length < largest)
            return [
                {
                    ...problem,
                    message: `${text}, the VPC of ${region}, has a size that DigitalOcean does not take.`,
                    fix: `Write /${largest} to /${smallest}, or leave it out: one is derived.`,
                },
            ];
        return kept
            .filter((own) => overlap(parsePrefix(own), prefix))
            .slice(0, 1)
            .map((own) => ({
                ...problem,
                message: `${text}, the VPC of ${region}, overlaps with ${own}, which DigitalOcean keeps for itself.`,
                fix: "Write another private network, or leave it out: one is derived.",
            }));
    });
