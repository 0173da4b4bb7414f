import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import { Authority, type Issued } from "../authority/resources";
import { canonical } from "../converge/canonical";
import type { FleetPlan, NodePlan } from "../fleet/plan";
import { MeshKeys } from "../mesh/resources";
import { generationOn, takenPlaceOf } from "../mesh/turn";
import { keySecret } from "../models/gateway/secrets";
import { accountKeyName } from "../edge/account";
import { peerOf, privateKeySecret } from "./plan";

interface StoredSecret {
    readonly generation: number;
    readonly value: string;
}

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
        this.keys = new MeshKeys(this.keyGenerations(), plan.turn, { parent: this });
        const made = Object.keys(plan.secrets).filter((name) => plan.secrets[name]?.kind !== "wireguard");
        this.values = Object.fromEntries(made.map((name) => [name, this.value(name)]));
        this.registerOutputs();
    }

    /** Certificate of the fleet's own CA (PEM), when it issued any. */
    get ca(): pulumi.Output<string> | undefined {
        return this.authority?.certificate;
    }

    /**
     * What `secrets on NODE` stores: the node's secrets and the public keys of all, as JSON.
     * @param addresses those that its roles refer to and that are known before they are applied, by node
     */
    document(
        { name: node, incarnation, secrets }: NodePlan,
        addresses: Readonly<Record<string, pulumi.Input<string>>> = {},
    ): pulumi.Output<string> {
        const { fleet, generations, turn } = this.plan;
        const own = secrets.map((name): [string, pulumi.Output<StoredSecret>] => {
            const generation = generationOn(node, name, generations, turn);
            return [name, this.secretValue(node, name, generation).apply((value) => ({ generation, value }))];
        });
        const document = { version: 1, fleet, node, incarnation };
        const known = Object.keys(addresses).length === 0 ? {} : { addresses };
        return pulumi
            .all([pulumi.all(Object.fromEntries(own)), this.keys.publicKeys(), known])
            .apply(([stored, wireguard, more]) => canonical({ ...document, secrets: stored, wireguard, ...more }));
    }

    /** The value of a generation: keys of the mesh have several side by side while one is rotated. */
    private secretValue(node: string, name: string, generation: number): pulumi.Output<string> {
        const peer = peerOf(takenPlaceOf(name) ?? name);
        if (peer !== undefined) return this.keys.pairKey([node, peer], generation);
        const source = this.plan.secrets[name];
        if (source?.kind === "wireguard") return this.keys.privateKey(source.node, generation);
        return this.values[name] ?? pulumi.output("");
    }

    private value(name: string): pulumi.Output<string> {
        const source = this.plan.secrets[name];
        switch (source?.kind) {
            case "password":
                return this.password(name, this.plan.generations[name] ?? 1);
            case "certificate":
            case "key":
                return this.issue(source.host)[source.kind];
            case "account":
                return this.accountKey(source.node, this.plan.generations[name] ?? 1);
            default:
                return this.operatorSecrets.apply((secrets) => secrets[name] ?? "");
        }
    }

    private password(name: string, generation: number): pulumi.Output<string> {
        const keepers = { generation: String(generation) };
        return new random.RandomPassword(name, { length: 40, special: false, keepers }, { parent: this }).result;
    }

    private accountKey(node: string, generation: number): pulumi.Output<string> {
        const key = new tls.PrivateKey(
            accountKeyName(node, generation),
            { algorithm: "ECDSA", ecdsaCurve: "P256" },
            { parent: this },
        );
        // As Caddy writes it: the file ends with one line feed.
        return key.privateKeyPem.apply((pem) => pem.trimEnd());
    }

    private issue(host: string): Issued {
        this.authority ??= new Authority(this.plan.fleet, { parent: this });
        return (this.issued[host] ??= this.authority.issue(host, this.plan.generations[keySecret(host)] ?? 1));
    }

    private keyGenerations(): Record<string, number> {
        const nodes = Object.values(this.plan.secrets).flatMap((source) =>
            source.kind === "wireguard" ? [source.node] : [],
        );
        return Object.fromEntries(nodes.map((node) => [node, this.plan.generations[privateKeySecret(node)] ?? 1]));
    }
}
