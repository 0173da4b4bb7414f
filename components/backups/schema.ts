import { z } from "zod";
import { placement } from "../edge/schema";
import { duration, interval } from "../fleet/units";

const target = z.strictObject({
    to: z
        .string()
        .regex(
            /^(?:[a-z][a-z0-9-]*\/[a-z0-9][a-z0-9./-]*|(?:sftp|rest|usb):\/\/[^\s]+)$/,
            "SERVICE/BUCKET, spaces/REGION/BUCKET, sftp://HOST/PATH or usb://LABEL",
        )
        .describe("Where to: a store of the fleet, DigitalOcean Spaces, or a box beside it."),
    every: interval.describe("How often."),
    keep: duration.describe("How long a copy is kept."),
    secrets: z.string().optional().describe("Secret with the credentials of the target."),
    of: placement.optional().describe("Services that are copied; all with declared state when left out."),
});

/** Copies of the services' declared state, by target. */
export const backupsSchema = z
    .object({
        "restore-test": interval
            .optional()
            .describe("How often a copy is restored into a scratch directory and compared."),
    })
    .catchall(target);
