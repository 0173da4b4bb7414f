import { z } from "zod";
import { domainName } from "../edge/schema";

/** Where alerts go: one channel with a hard limit. */
export const alertsSchema = z.strictObject({
    to: z.enum(["telegram", "matrix", "ntfy", "email"]).describe("The one channel."),
    server: domainName.optional().describe("Server of the channel, where there is a choice."),
    secrets: z.string().optional().describe("Secret with the channel's token."),
    "at-most": z
        .string()
        .regex(/^[1-9]\d{0,3}\/(hour|day)$/, "a limit like 4/hour")
        .default("4/hour")
        .describe("Most messages in an hour or a day; the rest is summed up."),
});
