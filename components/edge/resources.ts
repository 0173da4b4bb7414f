import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Node } from "../node/resources";

/** The TLS edge: `caddy on NODE` for every node that runs it. */
export class Edge extends pulumi.ComponentResource {
    /** @param zones by node, the zones it serves: a certificate is only issued for a name that already answers */
    constructor(
        nodes: readonly Node[],
        zones: Readonly<Record<string, readonly remote.Command[]>>,
        opts: pulumi.ComponentResourceOptions,
    ) {
        super("sovereign-edge:edge:Edge", "edge", {}, opts);
        for (const node of nodes) node.addRole("caddy", this, zones[node.plan.name]);
        this.registerOutputs();
    }
}
