import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Node } from "../node/resources";
import { clamp, pairKey, publicKey } from "./keys";
import { nextOf, type Turn } from "./turn";

/** The keys of the mesh, kept in the encrypted state: one a node and generation, made when it is first needed. */
export class MeshKeys extends pulumi.ComponentResource {
    private readonly secret: pulumi.Output<string>;
    private readonly privateKeys: Record<string, pulumi.Output<string>> = {};

    /**
     * @param generations generation of every node's key, by node
     * @param turn whose next key is needed beside
     */
    constructor(
        private readonly generations: Readonly<Record<string, number>>,
        private readonly turn: Turn | undefined,
        opts: pulumi.ComponentResourceOptions,
    ) {
        super("sovereign-edge:mesh:MeshKeys", "mesh keys", {}, opts);
        this.secret = this.bytes("mesh secret", 1);
        for (const [node, generation] of Object.entries(generations)) this.makeKey(node, generation);
        const next = turn === undefined ? undefined : generations[turn.node];
        if (turn !== undefined && next !== undefined) this.makeKey(turn.node, next + 1);
        this.registerOutputs();
    }

    /** A node's private key of a generation. */
    privateKey(node: string, generation: number): pulumi.Output<string> {
        const key = this.privateKeys[keyName(node, generation)];
        if (key === undefined) throw new Error(`${node} has no key of generation ${generation} in the mesh.`);
        return key;
    }

    /** Public keys of all nodes, and the next one of the node whose turn it is. */
    publicKeys(): pulumi.Output<Record<string, string>> {
        const key = (node: string, generation: number): pulumi.Output<string> =>
            this.privateKey(node, generation).apply(publicKey);
        const current = Object.entries(this.generations).map(([node, generation]) => [node, key(node, generation)]);
        const turning = this.turn?.node ?? "";
        const generation = this.generations[turning];
        const next = generation === undefined ? [] : [[nextOf(turning), key(turning, generation + 1)]];
        return pulumi.all(Object.fromEntries([...current, ...next]) as Record<string, pulumi.Output<string>>);
    }

    /** Preshared key of a pair. */
    pairKey(nodes: readonly [string, string], generation: number): pulumi.Output<string> {
        return this.secret.apply((secret) => pairKey(secret, nodes, generation));
    }

    private makeKey(node: string, generation: number): void {
        const name = keyName(node, generation);
        this.privateKeys[name] = this.bytes(name, generation).apply(clamp);
    }

    private bytes(name: string, generation: number): pulumi.Output<string> {
        const keepers = { generation: String(generation) };
        return new random.RandomBytes(name, { length: 32, keepers }, { parent: this }).base64;
    }
}

/** Name of the resource that holds a key. A generation has its own: during a rotation two are needed at once. */
function keyName(node: string, generation: number): string {
    return generation === 1 ? `wireguard key of ${node}` : `wireguard key of ${node}, generation ${generation}`;
}

/** The WireGuard mesh: `wireguard on NODE` for every node in it. */
export class Mesh extends pulumi.ComponentResource {
    constructor(nodes: readonly Node[], opts: pulumi.ComponentResourceOptions) {
        super("sovereign-edge:mesh:Mesh", "mesh", {}, opts);
        const guarded = Promise.all(nodes.map((node) => node.guarded));
        for (const node of nodes) node.joinMesh(this, guarded);
        this.registerOutputs();
    }
}
