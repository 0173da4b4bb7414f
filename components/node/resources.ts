import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Bundle } from "../converge/bundle";
import { digest } from "../converge/canonical";
import {
    bootCommand,
    finishCommand,
    installCommand,
    leaveCommand,
    roleCommand,
    secretsCommand,
    settled,
    type Reach,
} from "../converge/resources";
import type { Roads } from "../converge/node-roads";
import { settledWithin } from "../converge/settled";
import type { NodePlan } from "../fleet/plan";

/** What the commands of all nodes share. */
export interface Shared {
    /** What `converge on NODE` installs. */
    readonly program: Bundle;
    /** Runs a command again whose change waits to be confirmed. */
    readonly confirm?: pulumi.ErrorHook | undefined;
    readonly roads: Roads;
    /** How nodes are reached that are rented. */
    readonly reach: (node: string) => Reach | undefined;
}

/**
 * Roles that come before everything else, in this order, each after the one before: from sshd on it is known who acts, what
 * listens needs a droplet's anchor, and the firewall stands before packages bring daemons.
 */
const first = ["sshd", "anchor", "firewall", "packages"];

/** How long a node waits with its tunnels for what holds the tunnels of others, in milliseconds: as long as that waits to be confirmed. */
const guardedWithin = 60_000;

/** One machine: converge.py on it, its secrets, its firewall, its packages, and at the end the sweep of what is not wanted any more. */
export class Node extends pulumi.ComponentResource {
    /**
     * Settles when this node has no change pending any more that is only confirmed while its tunnels live. A peer that moved
     * its end of them before would have it go back, and wait in vain for this node to follow.
     */
    readonly guarded: Promise<void>;
    private ready: remote.Command;
    private readonly commands = new Map<string, remote.Command>();

    /** @param document what `secrets on NODE` stores */
    constructor(
        readonly plan: NodePlan,
        document: pulumi.Output<string>,
        private readonly shared: Shared,
        opts: pulumi.ComponentResourceOptions,
    ) {
        super("sovereign-edge:node:Node", plan.name, {}, opts);
        const converge = firstCommand(plan, shared, this);
        const reach = shared.reach(plan.name);
        this.ready = secretsCommand(plan, document, { parent: this, dependsOn: [converge], reach });
        for (const role of first) if (plan.roles[role] !== undefined) this.ready = this.addRole(role, this);
        this.guarded = settled(this.commands.get("firewall") ?? this.ready);
        this.registerOutputs({ address: plan.address });
    }

    /**
     * Registers the role `wireguard`. The roles that come later wait for it: they listen on the mesh address.
     * @param guarded settles when every node of the mesh is guarded: none changes its tunnels before
     */
    joinMesh(parent: pulumi.Resource, guarded: Promise<unknown>): void {
        const after = settledWithin(guarded, settled(this.ready), guardedWithin);
        this.ready = this.addRole("wireguard", parent, [], after);
    }

    /** Registers what every machine has beside what it serves: the roles `base`, `boot` and `people`. */
    addBase(): void {
        for (const role of ["base", "boot", "people"])
            if (this.plan.roles[role] !== undefined) this.addRole(role, this);
    }

    /**
     * Registers a role of this node, to be applied once the node is ready.
     * @param needed other commands of this node that must be done before
     * @param after what must be over before, on whichever node
     */
    addRole(
        role: string,
        parent: pulumi.Resource,
        needed: readonly remote.Command[] = [],
        after?: Promise<void>,
    ): remote.Command {
        const { confirm } = this.shared;
        const reach = this.shared.reach(this.plan.name);
        const dependsOn = [this.ready, ...needed];
        const command = roleCommand(this.plan, role, { parent, dependsOn, confirm, reach, after });
        this.commands.set(role, command);
        return command;
    }

    /** The roles of this node that nobody registered so far. */
    get unregistered(): string[] {
        return Object.keys(this.plan.roles).filter((role) => !this.commands.has(role));
    }

    /**
     * Registers the sweep; to be called when every role is there.
     * @param addresses those that the node's roles refer to, by node; an empty one is not known
     */
    finish(addresses: Readonly<Record<string, pulumi.Input<string>>> = {}): void {
        const { fleet, name: node, incarnation, roles } = this.plan;
        const hashes = Object.fromEntries(Object.entries(roles).map(([role, desired]) => [role, digest(desired)]));
        const roster = pulumi.output(addresses).apply((all) => {
            const known = Object.fromEntries(Object.entries(all).filter(([, address]) => address !== ""));
            return { version: 1 as const, fleet, node, incarnation, roles: hashes, addresses: known };
        });
        const { confirm, reach } = this.shared;
        const dependsOn = [this.ready, ...this.commands.values()];
        finishCommand(this.plan, roster, { parent: this, dependsOn, confirm, reach: reach(node) });
    }
}

/** A machine that leaves the fleet: what it has of ours is taken off, the program at last. */
export class LeavingNode extends pulumi.ComponentResource {
    constructor(plan: NodePlan, shared: Shared, opts: pulumi.ComponentResourceOptions) {
        // The type of Node: `program on NODE` and `converge on NODE` stay the resources that they were.
        super("sovereign-edge:node:Node", plan.name, {}, opts);
        const converge = firstCommand(plan, shared, this);
        leaveCommand(plan, { parent: this, dependsOn: [converge], reach: shared.reach(plan.name) });
        this.registerOutputs({ address: plan.address });
    }
}

/** `converge on NODE`, on a rented machine after its first boot. */
function firstCommand(plan: NodePlan, { program, roads, reach }: Shared, parent: pulumi.Resource): remote.Command {
    const end = reach(plan.name);
    const boot = end === undefined ? [] : [bootCommand(plan, roads, { parent, dependsOn: [end.leads], reach: end })];
    return installCommand(plan, program, { parent, dependsOn: boot, reach: end });
}
