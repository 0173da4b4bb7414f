import * as pulumi from "@pulumi/pulumi";
import { planFleet } from "./components/fleet/plan";
import { Fleet } from "./components/fleet/resources";
import { readStack } from "./components/fleet/stack";
import { requireComplete } from "./components/fleet/complete";

const config = new pulumi.Config();
const stack = readStack(__dirname, pulumi.getStack(), config.get("inventory"));
requireComplete(stack);
const plan = planFleet(stack);
const none: Record<string, string> = {};
const fleet = new Fleet(plan, config.getSecretObject<Record<string, string>>("secrets") ?? pulumi.output(none));

/** Every address that people use. */
export const urls = plan.urls.map(({ url }) => url);
/** Certificate of the fleet's own CA (PEM), for clients of names that are not on the internet. */
export const ca = fleet.ca;
