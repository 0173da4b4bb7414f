import { createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";

/** PKCS #8 (RFC 8410) prefix of a raw X25519 private key in DER. */
const pkcs8Prefix = Buffer.from("302e020100300506032b656e04220420", "hex");

/**
 * A WireGuard private key from 32 random bytes (base64 in, base64 out), clamped as RFC 7748 §5 says: the kernel compares
 * the key it is given with its own clamped one, and an unclamped one would expire every session at each reload.
 */
export function clamp(random: string): string {
    const key = Buffer.from(random, "base64");
    if (key.length !== 32) throw new Error("A WireGuard key has 32 bytes.");
    key[0] = (key[0] ?? 0) & 248;
    key[31] = ((key[31] ?? 0) & 127) | 64;
    return key.toString("base64");
}

/** The public key (base64) of a private one (base64), as `wg pubkey` prints it. */
export function publicKey(privateKey: string): string {
    const der = Buffer.concat([pkcs8Prefix, Buffer.from(privateKey, "base64")]);
    const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
    return key.export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
}

/**
 * The preshared key (base64) of a pair of nodes, by HKDF (RFC 5869) from the mesh's secret (base64). Both ends compute
 * the same; the generation of the pair changes it.
 */
export function pairKey(meshSecret: string, nodes: readonly [string, string], generation: number): string {
    const info = `sovereign-edge wireguard ${[...nodes].sort().join(" ")} ${generation}`;
    return Buffer.from(hkdfSync("sha256", Buffer.from(meshSecret, "base64"), "", info, 32)).toString("base64");
}
