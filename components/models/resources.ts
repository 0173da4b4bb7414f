import * as pulumi from "@pulumi/pulumi";
import type { Node } from "../node/resources";

/** A served model: `model-SLUG on NODE` for every node that serves it. */
export class ModelService extends pulumi.ComponentResource {
    constructor(model: string, slug: string, nodes: readonly Node[], opts: pulumi.ComponentResourceOptions) {
        super("sovereign-edge:models:ModelService", model, {}, opts);
        for (const node of nodes) node.addRole(`model-${slug}`, this);
        this.registerOutputs();
    }
}
