import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Bundle } from "../converge/bundle";
import { digest } from "../converge/canonical";
import { finishCommand, installCommand, roleCommand, secretsCommand } from "../converge/resources";
import type { NodePlan } from "../fleet/plan";

/** One machine: converge.py on it, its secrets, its packages, and at the end the sweep of what is not wanted any more. */
export class Node extends pulumi.ComponentResource {
    private ready: remote.Command;
    private readonly roles: remote.Command[] = [];

    /** @param document what `secrets on NODE` stores @param program what `converge on NODE` installs */
    constructor(
        readonly plan: NodePlan,
        program: Bundle,
        document: pulumi.Output<string>,
        opts: pulumi.ComponentResourceOptions,
    ) {
        super("sovereign-edge:node:Node", plan.name, {}, opts);
        const converge = installCommand(plan, program, { parent: this, dependsOn: [] });
        this.ready = secretsCommand(plan, document, { parent: this, dependsOn: [converge] });
        if (plan.roles["packages"] !== undefined) this.ready = this.addRole("packages", this);
        this.registerOutputs({ address: plan.address });
    }

    /** Registers the role `wireguard`. The roles that come later wait for it: they listen on the mesh address. */
    joinMesh(parent: pulumi.Resource): void {
        this.ready = this.addRole("wireguard", parent);
    }

    /**
     * Registers a role of this node, to be applied once the node is ready.
     * @param after other commands of this node that must be done before
     */
    addRole(role: string, parent: pulumi.Resource, after: readonly remote.Command[] = []): remote.Command {
        const command = roleCommand(this.plan, role, { parent, dependsOn: [this.ready, ...after] });
        this.roles.push(command);
        return command;
    }

    /** Registers the sweep; to be called when every role is there. */
    finish(): void {
        const { fleet, name: node, incarnation, roles } = this.plan;
        const hashes = Object.fromEntries(Object.entries(roles).map(([role, desired]) => [role, digest(desired)]));
        const roster = { version: 1 as const, fleet, node, incarnation, roles: hashes };
        finishCommand(this.plan, roster, { parent: this, dependsOn: [this.ready, ...this.roles] });
    }
}
