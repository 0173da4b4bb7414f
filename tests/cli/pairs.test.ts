import type { Path } from "../../components/mesh/paths";
import { judgePairs, type Pair, type Peer, type Sight, type View } from "../../tools/cli/pairs";
import { pairsText } from "../../tools/cli/pairs-text";

/** alice and bob at home, carol elsewhere behind NAT, relay in public. */
const addresses = { alice: "10.0.0.1", bob: "10.0.0.2", carol: "10.0.0.3", relay: "10.0.0.9" };
type Name = keyof typeof addresses;
const names = Object.keys(addresses) as Name[];
const home: readonly string[] = ["alice", "bob"];
const paths: Path[] = names.flatMap((a, i) =>
    names.slice(i + 1).map((b): Path => {
        const between = [a, b] as const;
        if (b === "relay") return { between, way: { kind: "public" } };
        return { between, way: home.includes(b) ? { kind: "lan" } : { kind: "relayed", via: "relay" } };
    }),
);

const peer = (change: Partial<Peer> = {}): Peer => ({
    node: "",
    endpoint: "192.0.2.1:51820",
    allowedIps: [],
    handshake: 12,
    received: 100,
    sent: 100,
    ...change,
});

function viewOf(name: Name): View {
    const direct = names.filter(
        (other) => other !== name && (other === "relay" || name === "relay" || (name !== "carol" && other !== "carol")),
    );
    const far = names.filter((other) => other !== name && !direct.includes(other));
    const allowed = (other: Name): string[] =>
        [other, ...(other === "relay" ? far : [])].map((of) => `${addresses[of]}/32`);
    return {
        publicKey: `key of ${name}`,
        port: 51820,
        peers: Object.fromEntries(
            direct.map((other) => [`key of ${other}`, peer({ node: other, allowedIps: allowed(other) })]),
        ),
        pings: Object.fromEntries(names.map((other) => [other, { answers: 3, latency: 1.5 }])),
    };
}

type Views = Record<Name, View | undefined>;
/** The mesh, all well unless changed. */
function sight(change: (views: Views) => void = () => undefined): Sight {
    const views = Object.fromEntries(names.map((name) => [name, viewOf(name)])) as Views;
    change(views);
    return { addresses, paths, views };
}
const without = (view: View, key: string): View => ({
    ...view,
    peers: Object.fromEntries(Object.entries(view.peers).filter(([other]) => other !== key)),
});
/** Bob is in the second half of a turn, and alice has not followed. */
function takesNextKey(views: Views): void {
    views.bob = { ...views.bob!, publicKey: "next key of bob" };
    const next = peer({ node: "bob.next", allowedIps: [], handshake: null });
    views.alice = { ...views.alice!, peers: { ...views.alice!.peers, "next key of bob": next } };
}
const silent = (views: Views, ...pairs: [Name, Name][]): void => {
    for (const [from, to] of pairs) {
        const view = views[from]!;
        views[from] = { ...view, pings: { ...view.pings, [to]: { answers: 0, latency: null } } };
    }
};
const withPeer = (view: View, key: string, change: Partial<Peer>): View => ({
    ...view,
    peers: { ...view.peers, [key]: { ...view.peers[key]!, ...change } },
});
const find = (pairs: Pair[], from: Name, to: Name): Pair => pairs.find((pair) => pair.from === from && pair.to === to)!;

test("a clock that went back is told from a blocked port", () => {
    const back = sight((views) => {
        silent(views, ["alice", "bob"]);
        views.alice = withPeer(views.alice!, "key of bob", { handshake: -3590 });
    });
    const pair = find(judgePairs(back), "alice", "bob");
    expect(pair.why).toBe(
        "the clock of alice went back since their last handshake, and bob takes new ones for old ones for 59 min, unless it begins one itself: `./fleet ssh bob -- ping -c 20 10.0.0.1`",
    );
    expect(pair.handshake).toBe(0);
});

test("all well: every direction with its way, twelve of twelve", () => {
    const pairs = judgePairs(sight());
    expect(pairs).toHaveLength(12);
    expect(pairs.filter(({ why }) => why !== undefined)).toEqual([]);
    expect(find(pairs, "alice", "carol")).toEqual({
        from: "alice",
        to: "carol",
        answers: true,
        path: "relayed via relay",
        endpoint: "192.0.2.1:51820",
        handshake: 12,
        latency: 1.5,
    });
    expect(pairsText(pairs)).toBe(
        "  mesh  12 of 12 pairs answer in 1.5 to 1.5 ms (2 direct LAN, 4 relayed via relay, 6 direct public)",
    );
    expect(pairsText(pairs, true)).toContain(
        "    alice  bob    direct LAN         1.5 ms  handshake 12 s ago  192.0.2.1:51820",
    );
    expect(pairsText([])).toBe("");
});

const never = { handshake: null, received: 0 };
const reasons: [string, Name, Name, string, (views: Views) => void][] = [
    [
        "without an interface",
        "alice",
        "bob",
        "alice has no WireGuard interface",
        (v) => (v.alice = { ...v.alice!, publicKey: "", peers: {} }),
    ],
    [
        "towards a node without one",
        "alice",
        "bob",
        "bob has no WireGuard interface",
        (v) => (v.bob = { ...v.bob!, publicKey: "", peers: {} }),
    ],
    [
        "to a node that is off",
        "alice",
        "bob",
        "bob does not answer us either: it is off or cut off",
        (v) => (v.bob = undefined),
    ],
    ["from a node that is off", "bob", "alice", "bob does not answer us", (v) => (v.bob = undefined)],
    [
        "a peer that both have removed",
        "alice",
        "bob",
        "alice does not have bob as a peer",
        (v) => {
            v.alice = without(v.alice!, "key of bob");
            v.bob = without(v.bob!, "key of alice");
        },
    ],
    [
        "a peer that one has removed",
        "alice",
        "bob",
        "one-sided: bob has alice as a peer, and alice does not have bob",
        (v) => (v.alice = without(v.alice!, "key of bob")),
    ],
    [
        "a peer that the other has removed",
        "bob",
        "alice",
        "one-sided: bob has alice as a peer, and alice does not have bob",
        (v) => (v.alice = without(v.alice!, "key of bob")),
    ],
    [
        "an old key of the other",
        "alice",
        "bob",
        "wrong key: the public key that alice has for bob is not bob's",
        (v) =>
            (v.alice = {
                ...without(v.alice!, "key of bob"),
                peers: {
                    ...without(v.alice!, "key of bob").peers,
                    old: peer({ node: "bob", allowedIps: ["10.0.0.2/32"], ...never }),
                },
            }),
    ],
    [
        "an old key at the other",
        "bob",
        "alice",
        "wrong key: the public key that alice has for bob is not bob's",
        (v) =>
            (v.alice = {
                ...without(v.alice!, "key of bob"),
                peers: {
                    ...without(v.alice!, "key of bob").peers,
                    old: peer({ node: "bob", allowedIps: ["10.0.0.2/32"], ...never }),
                },
            }),
    ],
    [
        "a node with its next key, which the other has not moved to",
        "alice",
        "bob",
        "bob has its next key, which alice knows and has not moved to yet",
        takesNextKey,
    ],
    ["a turn, seen from the node that has it", "bob", "alice", "bob has its next key, which alice knows", takesNextKey],
    [
        "an address that the other does not take",
        "alice",
        "bob",
        "bob takes no packets from the mesh address of alice",
        (v) => (v.bob = withPeer(v.bob!, "key of alice", { allowedIps: [] })),
    ],
    [
        "a blocked port",
        "alice",
        "bob",
        "no handshake ever, nothing comes back from 192.0.2.1:51820: is UDP port 51820 of bob blocked?",
        (v) => {
            v.alice = withPeer(v.alice!, "key of bob", never);
            v.relay = withPeer(v.relay!, "key of bob", never);
        },
    ],
    [
        "a way that is blocked between two",
        "alice",
        "bob",
        "bob has handshakes with relay, so it is blocked between these two",
        (v) => (v.alice = withPeer(v.alice!, "key of bob", never)),
    ],
    [
        "a tunnel that was there",
        "alice",
        "bob",
        "no handshake for 15 min, nothing comes back",
        (v) => (v.alice = withPeer(v.alice!, "key of bob", { handshake: 900 })),
    ],
    [
        "another port",
        "alice",
        "bob",
        "alice sends to port 51820 of bob, which listens on 51821",
        (v) => {
            v.alice = withPeer(v.alice!, "key of bob", never);
            v.bob = { ...v.bob!, port: 51821 };
        },
    ],
    [
        "a port that lets nothing in",
        "alice",
        "bob",
        "alice hears nobody: is UDP port 51820 of alice blocked?",
        (v) => {
            v.alice = withPeer(withPeer(v.alice!, "key of bob", never), "key of relay", never);
        },
    ],
    [
        "one that has to be dialled",
        "relay",
        "alice",
        "relay waits to be dialled by alice, and nothing arrives",
        (v) => (v.relay = withPeer(v.relay!, "key of alice", { ...never, endpoint: "" })),
    ],
    [
        "a tunnel that is up",
        "alice",
        "bob",
        "their tunnel is up (handshake 12 s ago), and the ping is not answered",
        () => undefined,
    ],
    ["a relay that is down", "alice", "carol", "its relay relay is down", (v) => (v.relay = undefined)],
    [
        "a relay that is not reached",
        "alice",
        "carol",
        "it does not reach its relay relay: no handshake ever",
        (v) => {
            silent(v, ["alice", "relay"]);
            v.alice = withPeer(v.alice!, "key of relay", never);
        },
    ],
    [
        "a relay that does not reach the other",
        "alice",
        "carol",
        "its relay relay does not reach carol: no handshake ever",
        (v) => {
            silent(v, ["relay", "carol"]);
            v.relay = withPeer(v.relay!, "key of carol", never);
        },
    ],
    [
        "a relay that does not relay",
        "alice",
        "carol",
        "both reach the relay relay, and it does not pass their packets on",
        () => undefined,
    ],
];

test.each(reasons)("why a pair fails: %s", (_, from, to, words, change) => {
    const pairs = judgePairs(
        sight((views) => {
            silent(views, [from, to]);
            change(views);
        }),
    );
    expect(find(pairs, from, to).why).toContain(words);
    expect(pairsText(pairs)).toContain(
        words.startsWith("bob does not answer us") ? "bob: it does not answer us" : words,
    );
});

test("another way than the planned one is said, and a node that was not asked is judged from the other side alone", () => {
    const moved = sight((views) => {
        views.alice = withPeer(without(views.alice!, "key of bob"), "key of relay", {
            allowedIps: ["10.0.0.9/32", "10.0.0.2/32"],
        });
    });
    expect(find(judgePairs(moved), "alice", "bob")).toMatchObject({ path: "relayed via relay", planned: "direct LAN" });
    expect(pairsText(judgePairs(moved))).toContain("; 1 on another way than planned");
    const { alice } = sight().views;
    const alone = judgePairs({ addresses, paths, views: { alice } });
    expect(alone.map(({ from, to, path }) => `${from} ${to} ${path}`)).toEqual([
        "alice bob direct LAN",
        "alice carol relayed via relay",
        "alice relay direct public",
    ]);
});

test("a peer that has moved to the next key is a tunnel to its node, also where that is not asked", () => {
    const all = sight(takesNextKey);
    const alice = all.views["alice"]!;
    const moved = {
        ...alice,
        peers: {
            ...alice.peers,
            "key of bob": peer({ node: "bob" }),
            "next key of bob": peer({ node: "bob.next", allowedIps: ["10.0.0.2/32"] }),
        },
    };
    expect(find(judgePairs({ ...all, views: { alice: moved } }), "alice", "bob").path).toBe("direct LAN");
});
