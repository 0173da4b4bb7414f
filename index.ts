import * as pulumi from "@pulumi/pulumi";
import { confirmHook, openRoads } from "./components/converge/resources";
import { requireComplete } from "./components/fleet/complete";
import { bareEffects, unseenNodes } from "./components/fleet/effects-state";
import { InventoryError } from "./components/fleet/errors";
import { planFleet, type FleetPlan } from "./components/fleet/plan";
import { Fleet } from "./components/fleet/resources";
import { readStack } from "./components/fleet/stack";

const config = new pulumi.Config();

function loadPlan(): FleetPlan {
    try {
        const stack = readStack(__dirname, pulumi.getStack(), config.get("inventory"));
        requireComplete(stack);
        return planFleet(stack);
    } catch (error) {
        // A RunError is shown as it is, without a stack trace.
        throw error instanceof InventoryError ? new pulumi.RunError(error.message) : error;
    }
}

/** `urls`: every address that people use; `ca`: the fleet's own CA (PEM), for clients of names that are not on the internet. */
export = async (): Promise<{ urls: string[]; ca?: pulumi.Output<string> }> => {
    const plan = loadPlan();
    const effects = pulumi.runtime.isDryRun() ? bareEffects(__dirname, plan) : "";
    if (effects !== "") void pulumi.log.info(effects);
    const nodes = Object.values(plan.nodes);
    const roads = openRoads(nodes);
    const confirm = await confirmHook(nodes, roads);
    const noSecrets: Record<string, string> = {};
    const secrets = config.getSecretObject<Record<string, string>>("secrets") ?? pulumi.output(noSecrets);
    const { ca } = new Fleet(plan, secrets, confirm, roads, unseenNodes(__dirname, plan));
    return { urls: plan.urls.map(({ url }) => url), ...(ca === undefined ? {} : { ca }) };
};
