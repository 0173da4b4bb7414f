import { readKnownHosts } from "../../components/fleet/known-hosts";
import { pinAlone, pinCard, pinNext, readTurns } from "../../tools/cli/card-pins";
import { wifiKey } from "../../tools/cli/wifi";

const [card, next, later] = ["AAAACARD", "AAAANEXT", "AAAALATER"].map((key) => `ssh-ed25519 ${key}`) as [
    string,
    string,
    string,
];
const others = "# ours\nbob ssh-ed25519 AAAABOB\n";
const pinned = pinCard(others, "alice", card);

test("a card's key is a pin like any other, and known for what it is", () => {
    expect(readKnownHosts(pinned).map(({ node, key }) => [node, key])).toEqual([
        ["bob", "ssh-ed25519 AAAABOB"],
        ["alice", card],
    ]);
    expect(readTurns(pinned)).toEqual({ alice: { card } });
});

test("until the machine's own key was seen both are pinned, the card's first; then it stands alone", () => {
    const both = pinNext(pinned, "alice", next);
    expect(readTurns(both)).toEqual({ alice: { card, next } });
    expect(readKnownHosts(both).find(({ node }) => node === "alice")?.key).toBe(card);
    const again = pinNext(both, "alice", later);
    expect(readTurns(again)).toEqual({ alice: { card, next: later } });
    expect(pinAlone(again, "alice", later)).toBe(`${others}alice ${later}\n`);
    expect(readTurns(pinAlone(again, "alice", later))).toEqual({});
});

test("a Wi-Fi password becomes the key that IEEE 802.11i gives as its example", () => {
    expect(wifiKey("IEEE", "password")).toBe("f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e");
    expect(() => wifiKey("IEEE", "short")).toThrow("8 to 63");
});
