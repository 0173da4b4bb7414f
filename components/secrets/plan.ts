import { isDroplet, tokenSecret } from "../droplet/plan";
import { planEdges, type EdgePlan } from "../edge/plan";
import { meshedNodes } from "../mesh/plan";
import { certificateSecret, keySecret } from "../models/gateway/secrets";
import { planGateway } from "../models/plan";
import type { Inventory } from "../fleet/schema";

/**
 * How a secret's value comes to be. `wireguard`: 32 random bytes, clamped. `password`: 40 letters and digits. `operator`:
 * set with `./fleet secret set`. `certificate` and `key`: issued by the fleet's own CA. `account`: the key of a node's
 * account at an ACME CA.
 */
export type SecretSource =
    | { readonly kind: "wireguard"; readonly node: string }
    | { readonly kind: "password" }
    | { readonly kind: "operator" }
    | { readonly kind: "certificate" | "key"; readonly host: string }
    | { readonly kind: "account"; readonly node: string };

/** Every secret of a fleet by name. */
export type Secrets = Readonly<Record<string, SecretSource>>;

/** Name of the secret that holds a node's private WireGuard key. */
export function privateKeySecret(node: string): string {
    return `wireguard.${node}`;
}

/**
 * Name that a node gives the preshared key of its pair with `peer`. By the peer alone, so that a peer's part of a tunnel's
 * configuration is the same text on all who see it alike.
 */
export function pairSecret(peer: string): string {
    return `wireguard-pair.${peer}`;
}

/** The peer that a preshared key is shared with; nothing for any other secret. Names of nodes hold no dots. */
export function peerOf(secret: string): string | undefined {
    return /^wireguard-pair\.([^.]+)$/.exec(secret)?.[1];
}

/** Generation of a pair's preshared key: it goes up with either node's own key, whose generations these are. */
export function pairGeneration(one: number, other: number): number {
    return one + other - 1;
}

/**
 * Every secret that the roles of a fleet use, but the preshared keys of pairs: those are derived from the mesh's secret,
 * and a fleet of 1,000 nodes may have half a million of them.
 */
export function planSecrets(inventory: Inventory): Secrets {
    const gateway = planGateway(inventory);
    const meshed = meshedNodes(inventory);
    const entries: [string, SecretSource][] = [
        ...meshed.map((node): [string, SecretSource] => [privateKeySecret(node), { kind: "wireguard", node }]),
        ...(gateway?.upstreams ?? []).map((served): [string, SecretSource] => [served.apiKey, { kind: "password" }]),
        ...(gateway?.keys ?? []).map((key): [string, SecretSource] => [key, { kind: "operator" }]),
        ...(Object.values(inventory.nodes).some(isDroplet) ? [operated(tokenSecret)] : []),
        ...(gateway === undefined || gateway.public ? [] : ownCertificate(gateway.host)),
        ...Object.entries(planEdges(inventory)).flatMap(ownAccount),
    ];
    return Object.fromEntries(entries);
}

function operated(name: string): [string, SecretSource] {
    return [name, { kind: "operator" }];
}

function ownAccount([node, { account }]: [string, EdgePlan]): [string, SecretSource][] {
    return account === undefined ? [] : [[account.secret, { kind: "account", node }]];
}

function ownCertificate(host: string): [string, SecretSource][] {
    return [
        [certificateSecret(host), { kind: "certificate", host }],
        [keySecret(host), { kind: "key", host }],
    ];
}
