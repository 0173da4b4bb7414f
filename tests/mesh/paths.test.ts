import { inventorySchema, type Inventory } from "../../components/fleet/schema";
import { describeWay, planPaths } from "../../components/mesh/paths";
import { planMesh } from "../../components/mesh/plan";
import { renderWireguard } from "../../components/mesh/render";

const inventoryOf = (nodes: Record<string, object>): Inventory =>
    inventorySchema.parse({ version: 1, fleet: "two", locations: { flat: {}, cabin: {} }, nodes });

const alice = { hardware: "pi5-8gb", location: "flat", address: "192.168.1.2", mesh: "10.44.0.2" };
const bob = { hardware: "pi5-8gb", location: "flat", address: "192.168.1.3", mesh: "10.44.0.3" };
const cabin = { hardware: "pi5-8gb", location: "cabin", address: "192.168.2.2", mesh: "10.44.0.4" };
const relay = { hardware: "amd64-2gb", address: "203.0.113.10", mesh: "10.44.0.1" };

const said = (inventory: Inventory): string[] =>
    planPaths(inventory).map((path) => `${path.between.join("-")}: ${describeWay(path.way)}`);

test("every pair has one path: on the LAN, at a public address, through a relay", () => {
    expect(said(inventoryOf({ cabin, alice, bob, relay }))).toEqual([
        "alice-bob: direct LAN",
        "alice-cabin: relayed via relay",
        "alice-relay: direct public",
        "bob-cabin: relayed via relay",
        "bob-relay: direct public",
        "cabin-relay: direct public",
    ]);
});

test("without a public node there is a reason instead", () => {
    expect(said(inventoryOf({ cabin, alice }))).toEqual([
        "alice-cabin: none: both stand behind NAT, and no node has a public address to relay at",
    ]);
});

test("what is relayed is allowed at the relay's peer, and has no tunnel of its own", () => {
    const mesh = planMesh(inventoryOf({ cabin, alice, bob, relay }));
    expect(mesh["cabin"]?.peers).toEqual([
        {
            name: "relay",
            allowedIps: ["10.44.0.1/32", "10.44.0.2/32", "10.44.0.3/32"],
            endpoint: "203.0.113.10:51820",
            keepalive: 25,
        },
    ]);
    expect(mesh["alice"]?.peers.map(({ name, allowedIps }) => [name, ...allowedIps])).toEqual([
        ["bob", "10.44.0.3/32"],
        ["relay", "10.44.0.1/32", "10.44.0.4/32"],
    ]);
    expect(mesh["relay"]?.peers.every(({ endpoint, allowedIps }) => endpoint === undefined && allowedIps.length === 1));
});

test("allowed IPs of a relay stand in one line of wg0.conf", () => {
    const { cabin: node } = planMesh(inventoryOf({ cabin, alice, bob, relay }));
    const text = renderWireguard("cabin", node!, {}).files?.["/etc/wireguard/wg0.conf"]?.text;
    expect(text).toContain("AllowedIPs = 10.44.0.1/32, 10.44.0.2/32, 10.44.0.3/32\n");
});

test("a relay that is offline relays only when there is no other", () => {
    const via = (nodes: Record<string, object>): string | undefined =>
        planPaths(inventoryOf(nodes)).find(({ way }) => way.kind === "relayed")?.way.via;
    const off = { ...relay, offline: "2026-03-29" };
    expect(via({ cabin, alice, relay: off })).toBe("relay");
    for (const name of ["a", "b", "c", "d", "e"]) {
        const other = { ...relay, address: "203.0.113.11", mesh: "10.44.0.9" };
        expect(via({ cabin, alice, relay: off, [name]: other })).toBe(name);
    }
});

test("a new public node takes over some pairs and leaves the others alone", () => {
    const homes = Object.fromEntries(
        Array.from({ length: 30 }, (_, i) => [
            `home-${i}`,
            { hardware: "pi4-4gb", location: `home-${i}`, address: "192.168.1.2" },
        ]),
    );
    const relays = (names: string[]): Map<string, string | undefined> => {
        const publicNodes = Object.fromEntries(names.map((name) => [name, relay]));
        const paths = planPaths(inventoryOf({ ...homes, ...publicNodes }));
        return new Map(
            paths.filter(({ way }) => way.kind === "relayed").map(({ between, way }) => [between.join(" "), way.via]),
        );
    };
    const [before, after] = [relays(["east", "west"]), relays(["east", "west", "north"])];
    const moved = [...before].filter(([pair, via]) => after.get(pair) !== via);
    expect(moved.every(([pair]) => after.get(pair) === "north")).toBe(true);
    // A third of 435 pairs, give or take.
    expect(moved.length).toBeGreaterThan(90);
    expect(moved.length).toBeLessThan(200);
});

test("a thousand nodes: every pair has a way, and every direct one is a pair of peers", () => {
    const nodes = Object.fromEntries(
        Array.from({ length: 1000 }, (_, i) => [
            `node-${i}`,
            i % 10 === 0
                ? { hardware: "amd64-4gb", address: `203.0.${i >> 8}.${i & 255}` }
                : { hardware: "pi5-8gb", location: `home-${i % 50}`, address: `192.168.${i % 50}.${i >> 3}` },
        ]),
    );
    const inventory = inventoryOf(nodes);
    const pairs = Object.values(planMesh(inventory)).reduce((sum, { peers }) => sum + peers.length, 0);
    const paths = planPaths(inventory);
    expect(paths).toHaveLength(499_500);
    expect(pairs).toBe(2 * paths.filter(({ way }) => way.kind === "lan" || way.kind === "public").length);
});
