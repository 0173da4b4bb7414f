import { movedNodes } from "../../tools/cli/moved";
import type { Pair } from "../../tools/cli/pairs";
import { statusText } from "../../tools/cli/status-text";

const pair = (from: string, to: string, change: Partial<Pair> = {}): Pair => ({
    from,
    to,
    answers: true,
    path: "direct LAN",
    endpoint: "192.168.8.31:51820",
    handshake: 12,
    latency: 1,
    ...change,
});
const addresses = { alice: "192.168.8.11", bob: "192.168.8.12" };
const line =
    "bob meets it at 192.168.8.31, and the inventory says 192.168.8.11: write `address: 192.168.8.31`, or have its router give it 192.168.8.11 for good";

test("a node that its neighbours meet at another address is named with it", () => {
    expect(movedNodes([pair("bob", "alice")], addresses)).toEqual({ alice: line });
});

test("nobody has moved who is where the inventory says, is met from elsewhere, or does not answer", () => {
    const pairs = [
        pair("bob", "alice", { endpoint: "192.168.8.11:51820" }),
        pair("relay", "alice", { path: "direct public", endpoint: "203.0.113.20:40000" }),
        pair("carol", "alice", { path: "relayed via relay", endpoint: "203.0.113.10:51820" }),
        pair("alice", "bob", { answers: false }),
        pair("bob", "stranger"),
    ];
    expect(movedNodes(pairs, addresses)).toEqual({});
});

test("it is said of a node that does not answer us too", () => {
    const text = statusText([{ node: "alice", state: "no answer", words: "no road leads to it", mixUps: [line] }]);
    expect(text).toContain(`  alice: ${line}`);
});
