import { z } from "zod";
import { domainName, placement } from "../edge/schema";
import { label } from "../node/schema";

/** Models, the engines that run them and the one address they answer at. */
export const modelsSchema = z.strictObject({
    gateway: z
        .strictObject({
            public: domainName.optional().describe("Name on the internet; without it: ai.FLEET.internal on the LAN."),
            keys: z
                .array(label)
                .default([])
                .describe("Names of clients; each needs a key, set by `./fleet secret set gateway-key.NAME`."),
        })
        .default({ keys: [] }),
    engines: z.strictObject({ "llama.cpp": placement.optional() }).describe("Engine → nodes that run it."),
    serve: z.record(z.string(), placement).describe("Model → nodes that serve it, in order of preference."),
});
