import { z } from "zod";
import { placement } from "../edge/schema";
import { eachNames, namePattern } from "../fleet/each";
import { diskSize } from "../fleet/units";
import { label } from "../node/schema";

const website = z.strictObject({
    at: placement.describe("Node on which the files are kept."),
    each: eachNames.optional().describe("One for each of these names: a range like site-{01..37}, or a list of such."),
    public: namePattern
        .optional()
        .describe("Name on the internet; without it LAN and mesh only, as NAME.FLEET.internal."),
    onion: z.boolean().default(false).describe("Also as a Tor onion service."),
    disk: diskSize.optional().describe("Room for the files of one; 50mb when left out."),
});

/** Static sites, served by the edges. */
export const websitesSchema = z.record(label, website);
/** A block of websites as written, defaults filled in. */
export type WebsiteEntry = z.infer<typeof website>;
