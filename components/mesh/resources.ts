import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Node } from "../node/resources";
import { clamp, pairKey, publicKey } from "./keys";

/** The keys of the mesh, made once and kept in the encrypted state; a generation that goes up makes a new one. */
export class MeshKeys extends pulumi.ComponentResource {
    private readonly secret: pulumi.Output<string>;
    private readonly privateKeys: Record<string, pulumi.Output<string>> = {};

    /** @param generations generation of every node's key, by node */
    constructor(generations: Readonly<Record<string, number>>, opts: pulumi.ComponentResourceOptions) {
        super("sovereign-edge:mesh:MeshKeys", "mesh keys", {}, opts);
        const bytes = (name: string, generation: number): pulumi.Output<string> =>
            new random.RandomBytes(name, { length: 32, keepers: { generation: String(generation) } }, { parent: this })
                .base64;
        this.secret = bytes("mesh secret", 1);
        for (const [node, generation] of Object.entries(generations)) {
            this.privateKeys[node] = bytes(`wireguard key of ${node}`, generation).apply(clamp);
        }
        this.registerOutputs();
    }

    /** A node's private key. */
    privateKey(node: string): pulumi.Output<string> {
        const key = this.privateKeys[node];
        if (key === undefined) throw new Error(`${node} has no key in the mesh.`);
        return key;
    }

    /** Public keys of all nodes. */
    publicKeys(): pulumi.Output<Record<string, string>> {
        const keys = Object.entries(this.privateKeys).map(([node, key]): [string, pulumi.Output<string>] => [
            node,
            key.apply(publicKey),
        ]);
        return pulumi.all(Object.fromEntries(keys));
    }

    /** Preshared key of a pair. */
    pairKey(nodes: readonly [string, string], generation: number): pulumi.Output<string> {
        return this.secret.apply((secret) => pairKey(secret, nodes, generation));
    }
}

/** The WireGuard mesh: `wireguard on NODE` for every node in it. */
export class Mesh extends pulumi.ComponentResource {
    constructor(nodes: readonly Node[], opts: pulumi.ComponentResourceOptions) {
        super("sovereign-edge:mesh:Mesh", "mesh", {}, opts);
        for (const node of nodes) node.joinMesh(this);
        this.registerOutputs();
    }
}
