import { inventorySchema, type Inventory } from "../../components/fleet/schema";
import { meshMtu, planMesh } from "../../components/mesh/plan";
import { renderWireguard } from "../../components/mesh/render";

const locations = { flat: {}, cabin: {} };
const inventoryOf = (nodes: Record<string, object>, places: object = locations): Inventory =>
    inventorySchema.parse({ version: 1, fleet: "two", locations: places, nodes });

const hardware = "amd64-1gb";
const alice = { hardware, location: "flat", address: "192.168.1.2", mesh: "10.44.0.2" };
const bob = { hardware, location: "flat", address: "192.168.1.3", mesh: "10.44.0.3" };
const cabin = { hardware, location: "cabin", address: "192.168.2.2", mesh: "10.44.0.4" };
const east = { hardware, address: "203.0.113.10", mesh: "10.44.0.8" };
const west = { hardware, address: "203.0.113.11", mesh: "10.44.0.9" };

const roleOf = (inventory: Inventory, node: string): ReturnType<typeof renderWireguard> =>
    renderWireguard(node, planMesh(inventory)[node]!, {});
const config = "/etc/wireguard/relay.json";
const timer = "sovereign-edge-relay.timer";

test("both ends of a relayed pair know the same relays in the same order", () => {
    const mesh = planMesh(inventoryOf({ alice, bob, cabin, east, west }));
    const [{ relays, addresses }] = mesh["cabin"]!.relayed as [{ relays: string[]; addresses: string[] }];
    expect([...relays].sort()).toEqual(["east", "west"]);
    expect(addresses).toEqual(["10.44.0.2", "10.44.0.3"]);
    for (const end of ["alice", "bob"]) expect(mesh[end]!.relayed).toEqual([{ relays, addresses: ["10.44.0.4"] }]);
    expect(["east", "west"].map((name) => [mesh[name]!.relays, mesh[name]!.relayed])).toEqual([
        [true, []],
        [true, []],
    ]);
});

test("an end looks by a timer whether its relay answers, and again after a reload", () => {
    const role = roleOf(inventoryOf({ alice, cabin, east, west }), "cabin");
    expect(JSON.parse(role.files![config]!.text)).toEqual({
        interface: "wg0",
        relays: { east: "10.44.0.8", west: "10.44.0.9" },
        groups: [{ relays: expect.arrayContaining(["east", "west"]) as string[], addresses: ["10.44.0.2"] }],
    });
    expect(role.units![timer]).toMatchObject({ enabled: true, running: true });
    expect(role.files!["/etc/systemd/system/wg-quick@wg0.service.d/relay.conf"]!.text).toContain("ExecReload=-");
    expect(role.sysctl).toBeUndefined();
});

test("a relay passes packets on and looks at nothing; with one relay there is nothing to look for", () => {
    const [relay, end] = ["east", "cabin"].map((node) => roleOf(inventoryOf({ alice, cabin, east }), node));
    expect(relay!.sysctl).toMatchObject({ "net.ipv4.ip_forward": "1" });
    for (const role of [relay!, end!])
        expect([role.files![config], role.units![timer]]).toEqual([undefined, undefined]);
});

test("where no pair is relayed nobody passes anything on", () => {
    expect(roleOf(inventoryOf({ alice, bob, east, west }), "east").sysctl).toBeUndefined();
});

test.each([
    [1420, {}],
    [1420, { flat: { mtu: 1500 } }],
    [1412, { flat: { mtu: 1492 } }],
    [1200, { flat: { mtu: 1492 }, cabin: { mtu: 1280 } }],
    // Nobody stands there.
    [1420, { attic: { mtu: 1280 } }],
])("the tunnels are %d wide behind lines of %j", (width, places) => {
    const inventory = inventoryOf({ alice, cabin, east }, { ...locations, ...places });
    expect(meshMtu(inventory)).toBe(width);
    expect(roleOf(inventory, "alice").files!["/etc/wireguard/wg0.conf"]!.text).toContain(`\nMTU = ${width}\n`);
});

test("what a reload does not set stands in a file whose change restarts the interface, and in no other", () => {
    const file = "/etc/wireguard/wg0.interface";
    const text = (inventory: Inventory): string => roleOf(inventory, "alice").files![file]!.text;
    const before = text(inventoryOf({ alice, east }));
    expect(text(inventoryOf({ alice, bob, cabin, east, west }))).toBe(before);
    expect(text(inventoryOf({ alice: { ...alice, mesh: "10.44.0.5" }, east }))).not.toBe(before);
    expect(text(inventoryOf({ alice, east }, { flat: { mtu: 1400 }, cabin: {} }))).not.toBe(before);
    const unit = roleOf(inventoryOf({ alice, east }), "alice").units!["wg-quick@wg0.service"];
    expect(unit).toMatchObject({ restartOn: { [file]: true }, reloadOn: { "/etc/wireguard/wg0.conf": true } });
});

test.each([1279, 1501, 1400.5])("a line of %d bytes is refused", (mtu) => {
    expect(() => inventoryOf({ alice }, { flat: { mtu } })).toThrow(/mtu/);
});
