import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Authority, type Issued } from "../authority/resources";
import { canonical } from "../converge/canonical";
import type { FleetPlan, NodePlan } from "../fleet/plan";
import { MeshKeys } from "../mesh/resources";
import { pairOf, privateKeySecret } from "./plan";

/** The values of all secrets: generated and kept in the encrypted state, set by the operator, or derived. */
export class SecretStore extends pulumi.ComponentResource {
    private readonly values: Record<string, pulumi.Output<string>>;
    private readonly keys: MeshKeys;
    private readonly issued: Record<string, Issued> = {};
    private authority: Authority | undefined;

    /** @param operatorSecrets values set with `./fleet secret set`, by name */
    constructor(
        private readonly plan: FleetPlan,
        private readonly operatorSecrets: pulumi.Output<Record<string, string>>,
        opts: pulumi.ComponentResourceOptions,
    ) {
        super("sovereign-edge:secrets:SecretStore", "secrets", {}, opts);
        this.keys = new MeshKeys(this.keyGenerations(), { parent: this });
        const pairs = Object.values(plan.nodes).flatMap((node) => node.secrets.filter((name) => pairOf(name)));
        const names = [...Object.keys(plan.secrets), ...new Set(pairs)];
        this.values = Object.fromEntries(names.map((name) => [name, this.value(name)]));
        this.registerOutputs();
    }

    /** Certificate of the fleet's own CA (PEM), when it issued any. */
    get ca(): pulumi.Output<string> | undefined {
        return this.authority?.certificate;
    }

    /** What `secrets on NODE` stores: the node's secrets and the public keys of all, as JSON. */
    document({ name: node, incarnation, secrets }: NodePlan): pulumi.Output<string> {
        const { fleet, generations } = this.plan;
        const own = secrets.map((name): [string, pulumi.Output<string>] => [
            name,
            this.values[name] ?? pulumi.output(""),
        ]);
        return pulumi.all([pulumi.all(Object.fromEntries(own)), this.keys.publicKeys()]).apply(([values, wireguard]) =>
            canonical({
                version: 1,
                fleet,
                node,
                incarnation,
                secrets: withGenerations(values, generations),
                wireguard,
            }),
        );
    }

    private value(name: string): pulumi.Output<string> {
        const source = this.plan.secrets[name];
        const generation = this.plan.generations[name] ?? 1;
        const pair = pairOf(name);
        if (pair !== undefined) return this.keys.pairKey(pair, generation);
        switch (source?.kind) {
            case "wireguard":
                return this.keys.privateKey(source.node);
            case "password":
                return this.password(name, generation);
            case "certificate":
            case "key":
                return this.issue(source.host)[source.kind];
            default:
                return this.operatorSecrets.apply((secrets) => secrets[name] ?? "");
        }
    }

    private password(name: string, generation: number): pulumi.Output<string> {
        const keepers = { generation: String(generation) };
        return new random.RandomPassword(name, { length: 40, special: false, keepers }, { parent: this }).result;
    }

    private issue(host: string): Issued {
        this.authority ??= new Authority(this.plan.fleet, { parent: this });
        return (this.issued[host] ??= this.authority.issue(host));
    }

    private keyGenerations(): Record<string, number> {
        const nodes = Object.values(this.plan.secrets).flatMap((source) =>
            source.kind === "wireguard" ? [source.node] : [],
        );
        return Object.fromEntries(nodes.map((node) => [node, this.plan.generations[privateKeySecret(node)] ?? 1]));
    }
}

function withGenerations(
    values: Readonly<Record<string, string>>,
    generations: Readonly<Record<string, number>>,
): Record<string, { generation: number; value: string }> {
    return Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, { generation: generations[name] ?? 1, value }]),
    );
}
