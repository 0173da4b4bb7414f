import { meshedNodes } from "../mesh/plan";
import { certificateSecret, keySecret } from "../models/gateway/secrets";
import { planGateway } from "../models/plan";
import type { Inventory } from "../fleet/schema";

/**
 * How a secret's value comes to be. `wireguard`: 32 random bytes, clamped. `pair`: a preshared key derived from the
 * mesh's secret. `password`: 40 letters and digits. `operator`: set with `./fleet secret set`. `certificate` and `key`:
 * issued by the fleet's own CA.
 */
export type SecretSource =
    | { readonly kind: "wireguard"; readonly node: string }
    | { readonly kind: "pair"; readonly nodes: readonly [string, string] }
    | { readonly kind: "password" }
    | { readonly kind: "operator" }
    | { readonly kind: "certificate" | "key"; readonly host: string };

/** Every secret of a fleet by name. */
export type Secrets = Readonly<Record<string, SecretSource>>;

/** Name of the secret that holds a node's private WireGuard key. */
export function privateKeySecret(node: string): string {
    return `wireguard.${node}`;
}

/** Name of the preshared key of a pair of nodes; the same from both ends. */
export function pairSecret(a: string, b: string): string {
    return `wireguard-pair.${[a, b].sort().join(".")}`;
}

/** Every secret that the roles of a fleet use. */
export function planSecrets(inventory: Inventory): Secrets {
    const gateway = planGateway(inventory);
    const meshed = meshedNodes(inventory);
    const pairs = meshed.flatMap((a, i) => meshed.slice(i + 1).map((b): [string, string] => [a, b]));
    const entries: [string, SecretSource][] = [
        ...meshed.map((node): [string, SecretSource] => [privateKeySecret(node), { kind: "wireguard", node }]),
        ...pairs.map(([a, b]): [string, SecretSource] => [pairSecret(a, b), { kind: "pair", nodes: [a, b] }]),
        ...(gateway?.upstreams ?? []).map((served): [string, SecretSource] => [served.apiKey, { kind: "password" }]),
        ...(gateway?.keys ?? []).map((key): [string, SecretSource] => [key, { kind: "operator" }]),
        ...(gateway === undefined || gateway.public ? [] : ownCertificate(gateway.host)),
    ];
    return Object.fromEntries(entries);
}

function ownCertificate(host: string): [string, SecretSource][] {
    return [
        [certificateSecret(host), { kind: "certificate", host }],
        [keySecret(host), { kind: "key", host }],
    ];
}
