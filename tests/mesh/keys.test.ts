import { clamp, pairKey, publicKey } from "../../components/mesh/keys";

// RFC 7748 §6.1, Alice's and Bob's keys.
const alice = Buffer.from("77076d0a7318a57d3c16c17251b26645df4c4b6d4ea1b2f2a8d7d6cbd5b9e9d3", "hex");

test("a public key is X25519 of the private one (RFC 7748 §6.1)", () => {
    const priv = Buffer.from("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", "hex").toString(
        "base64",
    );
    expect(Buffer.from(publicKey(priv), "base64").toString("hex")).toBe(
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    );
});

test("clamping sets the bits that RFC 7748 §5 names and is idempotent", () => {
    const clamped = clamp(Buffer.alloc(32, 255).toString("base64"));
    const bytes = Buffer.from(clamped, "base64");
    expect([bytes[0], bytes[1], bytes[31]]).toEqual([248, 255, 127]);
    expect(clamp(clamped)).toBe(clamped);
    expect(publicKey(clamp(alice.toString("base64")))).toBe(publicKey(alice.toString("base64")));
    expect(() => clamp("AAAA")).toThrow("32 bytes");
});

test("a pair key is the same from both ends and changes with pair and generation", () => {
    const secret = Buffer.alloc(32, 7).toString("base64");
    const key = pairKey(secret, ["alice", "bob"], 1);
    expect(Buffer.from(key, "base64")).toHaveLength(32);
    expect(pairKey(secret, ["bob", "alice"], 1)).toBe(key);
    expect(new Set([key, pairKey(secret, ["alice", "bob"], 2), pairKey(secret, ["alice", "carol"], 1)]).size).toBe(3);
});
