import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Node } from "../node/resources";

/** A nameserver: `pdns on NODE`. */
export class Nameserver extends pulumi.ComponentResource {
    readonly server: remote.Command;

    constructor(
        readonly node: Node,
        opts: pulumi.ComponentResourceOptions,
    ) {
        super("sovereign-edge:dns:Nameserver", `nameserver ${node.plan.name}`, {}, opts);
        this.server = node.addRole("pdns", this);
        this.registerOutputs();
    }
}

/** A zone of the DNS on its primary nameserver. */
export class Zone extends pulumi.ComponentResource {
    readonly zone: remote.Command;

    constructor(domain: string, primary: Nameserver, opts: pulumi.ComponentResourceOptions) {
        super("sovereign-edge:dns:Zone", domain, {}, opts);
        // A zone is loaded into the server's database, which is there once the server is.
        this.zone = primary.node.addRole(`zone-${domain}`, this, [primary.server]);
        this.registerOutputs();
    }
}
