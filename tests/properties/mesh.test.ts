import fc from "fast-check";
import { designFleet, type Design } from "../../components/fleet/design";
import { planPaths } from "../../components/mesh/paths";
import type { MeshNode } from "../../components/mesh/plan";
import { renderWireguard } from "../../components/mesh/render";
import { fleets, nodeOf, parsed, shuffled, type Written } from "./fleets";

const designOf = (written: Written): Design => designFleet(parsed(written));
const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));

/** Addresses that two nodes derive from their names are refused with a free one (SE011); here they are given one. */
function apart(written: Written): Written {
    const addresses = Object.entries(designOf(written).mesh).map(([name, { address }]) => [name, address] as const);
    const seen = new Set<string>();
    const nodes = { ...written.nodes };
    addresses.forEach(([name, address], index) => {
        if (seen.has(address)) nodes[name] = { ...nodes[name], mesh: `10.45.200.${index % 250}` };
        seen.add(address);
    });
    return { ...written, nodes };
}

const lasting = fleets(50).map(apart);

/** The peer whose allowed IPs hold an address: the kernel knows at most one. */
function towards(node: MeshNode, address: string): string[] {
    return node.peers.filter(({ allowedIps }) => allowedIps.includes(`${address}/32`)).map(({ name }) => name);
}

/** Follows a packet by allowed IPs, hop by hop; at each hop the sender must be allowed where it comes in. */
function route(mesh: Design["mesh"], from: string, to: string): string[] {
    const [source, target] = [mesh[from]!.address, mesh[to]!.address];
    const road = [from];
    while (road.at(-1) !== to && road.length < 5) {
        const here = road.at(-1)!;
        const next = towards(mesh[here]!, target);
        if (next.length !== 1) return [...road, `nowhere (${next.length} peers)`];
        if (!towards(mesh[next[0]!]!, source).includes(here)) return [...road, "dropped"];
        road.push(next[0]!);
    }
    return road;
}

test("no two addresses are equal, and each lies in the mesh", () => {
    fc.assert(
        fc.property(lasting, (written) => {
            const addresses = Object.values(designOf(written).mesh).map(({ address }) => address);
            expect(new Set(addresses).size).toBe(addresses.length);
            expect(addresses.filter((address) => !/^10\.4[45]\./.test(address))).toEqual([]);
        }),
        { numRuns: 200 },
    );
});

test("every pair has exactly one path, and packets take it both ways", () => {
    fc.assert(
        fc.property(fleets(40).map(apart), (written) => {
            const { mesh } = designOf(written);
            const paths = planPaths(parsed(written));
            const count = Object.keys(written.nodes).length;
            expect(paths).toHaveLength((count * (count - 1)) / 2);
            const taken = paths.map(({ between: [one, other] }) => [route(mesh, one, other), route(mesh, other, one)]);
            const expected = paths.map(({ between: [one, other], way }) => {
                const middle = way.via === undefined ? [] : [way.via];
                return way.kind === "none"
                    ? [
                          [one, "nowhere (0 peers)"],
                          [other, "nowhere (0 peers)"],
                      ]
                    : [
                          [one, ...middle, other],
                          [other, ...middle, one],
                      ];
            });
            expect(taken).toEqual(expected);
            expect(paths.filter(({ way }) => way.kind === "none" && way.reason === undefined)).toEqual([]);
        }),
        { numRuns: 150 },
    );
});

test("a tunnel can be opened by one end at least, and only NATed ends keep it open", () => {
    fc.assert(
        fc.property(lasting, (written) => {
            const { mesh, machines } = designOf(written);
            const ends = new Map(
                Object.entries(mesh).flatMap(([name, { peers }]) =>
                    peers.map((peer) => [`${name} ${peer.name}`, { name, peer }] as const),
                ),
            );
            const wrong = [...ends.values()].filter(({ name, peer }) => {
                const back = ends.get(`${peer.name} ${name}`);
                const opened = peer.endpoint !== undefined || back?.peer.endpoint !== undefined;
                const kept = peer.keepalive === 0 || machines[name]!.behindNat;
                const waits = peer.endpoint !== undefined || machines[peer.name]!.behindNat;
                return back === undefined || !opened || !kept || !waits;
            });
            expect(wrong).toEqual([]);
        }),
        { numRuns: 150 },
    );
});

test("the order of keys does not matter", () => {
    fc.assert(
        fc.property(lasting, fc.infiniteStream(fc.nat()), (written, numbers) => {
            const order = (size: number): number[] =>
                Array.from({ length: size }, (_, index) => [numbers.next().value, index] as const)
                    .sort(([a, i], [b, j]) => a - b || i - j)
                    .map(([, index]) => index);
            const [plain, mixed] = [designOf(written), designOf(shuffled(written, order))];
            expect(mixed).toEqual(plain);
            // Lists keep their order, and what is rendered follows from them.
            expect(JSON.stringify(Object.values(mixed.mesh)[0])).toBe(
                JSON.stringify(plain.mesh[Object.keys(mixed.mesh)[0] ?? ""]),
            );
        }),
        { numRuns: 150 },
    );
});

/** wg0.conf of every node, by blocks: the part that stands for each peer. */
function blocksOf({ mesh }: Design): Record<string, Record<string, string>> {
    return Object.fromEntries(
        Object.entries(mesh).map(([name, node]) => {
            const text = renderWireguard(name, node, {}).files!["/etc/wireguard/wg0.conf"]!.text;
            const [head = "", ...peers] = text.split(/^# /m);
            return [
                name,
                { "[Interface]": head, ...Object.fromEntries(peers.map((peer) => [peer.split("\n")[0], peer])) },
            ];
        }),
    );
}

test("a node that comes, goes or is renamed changes of the others only what names it", () => {
    fc.assert(
        fc.property(fleets(30).map(apart), fc.nat(), fc.boolean(), (written, pick, rename) => {
            const names = Object.keys(written.nodes);
            fc.pre(names.length > 2);
            const gone = names[pick % names.length]!;
            const fewer = { ...written, nodes: without(written.nodes, gone) };
            const renamed = {
                ...fewer,
                nodes: { ...fewer.nodes, [`${gone}-new`]: { ...written.nodes[gone], mesh: "10.45.250.1" } },
            };
            const changed = rename ? renamed : fewer;
            const [before, after] = [designOf(written), designOf(changed)];
            const own = `, ${before.mesh[gone]!.address}/32`;
            const withoutIt = (block = "(gone)"): string =>
                block.replace(own, "").replace(", 10.45.250.1/32", "").trimEnd();
            const moved = movedPairs(written, changed);
            expect(moved.filter(({ vias }) => !vias.includes(gone) && !vias.includes(`${gone}-new`))).toEqual([]);
            const [was, is] = [blocksOf(before), blocksOf(after)];
            for (const name of names.filter((other) => other !== gone)) {
                expect(after.mesh[name]!.address).toBe(before.mesh[name]!.address);
                // Pairs that it relayed take another relay, whose block carries them then.
                const relays = moved.filter(({ between }) => between.includes(name)).flatMap(({ vias }) => vias);
                const kept = Object.keys(was[name]!).filter((peer) => peer !== gone && !relays.includes(peer));
                expect(kept.map((peer) => withoutIt(is[name]![peer]))).toEqual(
                    kept.map((peer) => withoutIt(was[name]![peer])),
                );
            }
        }),
        { numRuns: 120 },
    );
});

/** Pairs of nodes in both fleets that reach each other differently, with the relays of before and after. */
function movedPairs(before: Written, after: Written): { between: readonly string[]; vias: (string | undefined)[] }[] {
    const ways = new Map(planPaths(parsed(after)).map(({ between, way }) => [between.join(" "), way]));
    return planPaths(parsed(before)).flatMap(({ between, way }) => {
        const now = ways.get(between.join(" "));
        const same = now === undefined || (now.kind === way.kind && now.via === way.via);
        return same ? [] : [{ between, vias: [way.via, now.via] }];
    });
}

test("a fleet of 200 nodes holds all of it too", () => {
    fc.assert(
        fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(19)), { minLength: 200, maxLength: 200 }), (draws) => {
            const nodes = Object.fromEntries(
                draws.map(([home, kind], index) => [
                    `n${index}`,
                    nodeOf(
                        {
                            name: `n${index}`,
                            kind: kind === 0 ? "vps" : "home",
                            home,
                            hardware: "pi5-8gb",
                            size: "",
                            region: "",
                            npu: undefined,
                            offline: kind === 1,
                            said: true,
                        },
                        index,
                    ),
                ]),
            );
            const written: Written = {
                version: 1,
                fleet: "random",
                mesh: { network: "10.44.0.0/15" },
                locations: Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`home-${at}`, {}])),
                nodes,
                services: {},
            };
            const { mesh } = designOf(written);
            const paths = planPaths(parsed(written));
            expect(paths).toHaveLength(19_900);
            for (const { between, way } of paths.filter((_, index) => index % 97 === 0)) {
                const middle = way.via === undefined ? [] : [way.via];
                if (way.kind !== "none") expect(route(mesh, ...between)).toEqual([between[0], ...middle, between[1]]);
            }
        }),
        { numRuns: 20 },
    );
});
