import type { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { addressReferences } from "../converge/references";
import type { Roads } from "../converge/node-roads";
import { shipProgram } from "../converge/resources";
import { Nameserver, Zone } from "../dns/resources";
import { tokenSecret } from "../droplet/plan";
import { Cloud } from "../droplet/resources";
import { Edge } from "../edge/resources";
import { Mesh } from "../mesh/resources";
import { ModelService } from "../models/resources";
import { LeavingNode, Node, type Shared } from "../node/resources";
import { SecretStore } from "../secrets/resources";
import type { FleetPlan, NodePlan } from "./plan";

/** A whole fleet: nodes, the mesh between them, names, the edge and models. */
export class Fleet extends pulumi.ComponentResource {
    /** Certificate of the fleet's own CA (PEM), when it issued any. */
    readonly ca: pulumi.Output<string> | undefined;
    private readonly nodes: readonly Node[];

    /**
     * @param operatorSecrets values set with `./fleet secret set`, by name
     * @param confirm runs a command again whose change waits to be confirmed
     * @param roads those that are open, by node
     * @param unseen nodes that are offline and were never there: nothing stands for them yet
     */
    constructor(
        plan: FleetPlan,
        operatorSecrets: pulumi.Output<Record<string, string>>,
        confirm?: pulumi.ErrorHook,
        roads: Roads = new Map(),
        unseen: readonly string[] = [],
    ) {
        super("sovereign-edge:fleet:Fleet", plan.fleet);
        const secrets = new SecretStore(plan, operatorSecrets, { parent: this });
        const cloud = this.rent(plan, operatorSecrets, roads);
        const reach: Shared["reach"] = (node) => cloud?.reach(node);
        const shared: Shared = { program: shipProgram(), confirm, roads, reach };
        const seen = Object.values(plan.nodes).filter(({ name }) => !unseen.includes(name));
        const [staying, leaving] = [false, true].map((is) => seen.filter((node) => node.leaving === is));
        this.nodes = (staying ?? []).map(
            (node) => new Node(node, secrets.document(node, ownAddress(node, cloud)), shared, { parent: this }),
        );
        for (const node of leaving ?? []) new LeavingNode(node, shared, { parent: this });
        new Mesh(this.having("wireguard"), { parent: this });
        new Edge(this.having("caddy"), this.makeZones(), { parent: this });
        for (const node of this.nodes) node.addBase();
        for (const { model, slug } of plan.models) {
            new ModelService(model, slug, this.having(`model-${slug}`), { parent: this });
        }
        for (const node of this.nodes) node.finish(addressesFor(plan, node.plan, cloud));
        this.ca = secrets.ca;
        this.registerOutputs();
    }

    private rent(
        { cloud, nodes }: FleetPlan,
        operatorSecrets: pulumi.Output<Record<string, string>>,
        roads: Roads,
    ): Cloud | undefined {
        if (cloud === undefined) return undefined;
        const token = operatorSecrets.apply((secrets) => secrets[tokenSecret] ?? "");
        const learn = (node: string, host: string, key: string): void => {
            roads.get(node)?.lead({ host, port: nodes[node]?.port ?? 22 }, key);
        };
        return new Cloud(cloud, pulumi.secret(token), learn, { parent: this });
    }

    private having(role: string): Node[] {
        return this.nodes.filter((node) => node.plan.roles[role] !== undefined);
    }

    /** The zones by the node that serves them. */
    private makeZones(): Record<string, remote.Command[]> {
        return Object.fromEntries(
            this.having("pdns").map((node) => {
                const server = new Nameserver(node, { parent: this });
                const domains = Object.keys(node.plan.roles).flatMap((role) => /^zone-(.+)$/.exec(role)?.[1] ?? []);
                return [node.plan.name, domains.map((domain) => new Zone(domain, server, { parent: this }).zone)];
            }),
        );
    }
}

/**
 * The address of a rented node when its own roles refer to it: it is known before they are applied, because the node is
 * reached at it, and Caddy would ask for certificates before the zone has it.
 */
function ownAddress(
    { name, roles, address: before }: NodePlan,
    cloud: Cloud | undefined,
): Record<string, pulumi.Input<string>> {
    const address = cloud?.address(name, before);
    return address === undefined || !addressReferences(roles).includes(name) ? {} : { [name]: address };
}

/** Addresses of the nodes that a node's roles refer to; those of rented ones are learnt while the program runs. */
function addressesFor(
    { nodes }: FleetPlan,
    { roles }: NodePlan,
    cloud: Cloud | undefined,
): Record<string, pulumi.Input<string>> {
    const names = addressReferences(roles);
    return Object.fromEntries(
        names.flatMap((name): [string, pulumi.Input<string>][] => {
            const known = nodes[name]?.address;
            const address = cloud?.address(name, known ?? "") ?? known;
            return address === undefined ? [] : [[name, address]];
        }),
    );
}
