import { planFirewall } from "../../components/firewall/node";
import { firewallRules } from "../../components/firewall/rules";
import { designFleet } from "../../components/fleet/design";
import { canonical6, contains6, embed, isNetwork6 } from "../../components/fleet/net6";
import { inventorySchema, type Inventory } from "../../components/fleet/schema";
import { describeWay, planPaths } from "../../components/mesh/paths";
import { planMesh } from "../../components/mesh/plan";
import { renderWireguard } from "../../components/mesh/render";
import { hostsText } from "../../components/node/base/hosts";

const hardware = "amd64-1gb";
const alice = { hardware, location: "flat", address: "192.168.1.2", ipv6: "2001:DB8:1:0::2", mesh: "10.44.0.2" };
const bob = { hardware, location: "flat", address: "192.168.1.3", mesh: "10.44.0.3" };
const carol = { hardware, location: "cabin", address: "192.168.2.2", ipv6: "2001:db8:2::2", mesh: "10.44.0.4" };
const east = { hardware, address: "203.0.113.10", mesh: "10.44.0.8" };
const west = { hardware, address: "203.0.113.11", mesh: "10.44.0.9" };
const network = "fd5b:18c2:7f04::/64";

const inventoryOf = (nodes: Record<string, object>, ipv6?: string, more: object = {}): Inventory =>
    inventorySchema.parse({
        version: 1,
        fleet: "two",
        locations: { flat: { lan: "192.168.1.0/24", ipv6: "2001:db8:1::/64" }, cabin: {} },
        mesh: ipv6 === undefined ? {} : { ipv6 },
        nodes,
        ...more,
    });
const configOf = (inventory: Inventory, node: string): string =>
    renderWireguard(node, planMesh(inventory)[node]!, {}).files!["/etc/wireguard/wg0.conf"]!.text;

test("addresses have one form, and lie in networks bit by bit", () => {
    expect(["2001:DB8:0:0:1::", "::1", "fe80::0001:0"].map(canonical6)).toEqual([
        "2001:db8:0:0:1::",
        "::1",
        "fe80::1:0",
    ]);
    expect(["2001:db8::/33", "2001:db8:8000::/33"].map((one) => contains6(one, "2001:db8:7fff:ffff::1"))).toEqual([
        true,
        false,
    ]);
    expect(contains6("::/0", "ffff::")).toBe(true);
    expect(["fd00::/8", "2001:db8::/32", "2001:db8:8000::/32", "::1/128"].map(isNetwork6)).toEqual([
        true,
        true,
        false,
        true,
    ]);
    expect(embed(network, "10.44.0.12")).toBe("fd5b:18c2:7f04::a2c:c");
});

test("two behind different NATs that both have IPv6 need no relay; one of them is not enough, and a LAN stays a LAN", () => {
    const paths = planPaths(inventoryOf({ alice, bob, carol, east }));
    expect(paths.map(({ between, way }) => `${between.join("-")}: ${describeWay(way)}`)).toEqual([
        "alice-bob: direct LAN",
        "alice-carol: direct IPv6",
        "alice-east: direct public",
        "bob-carol: relayed via east",
        "bob-east: direct public",
        "carol-east: direct public",
    ]);
    expect(planPaths(inventoryOf({ alice, carol })).map(({ way }) => way.kind)).toEqual(["ipv6"]);
});

test("both ends of such a pair dial the other and keep their routers' filters open", () => {
    const mesh = planMesh(inventoryOf({ alice, bob, carol, east }));
    const end = (node: string, peer: string): unknown => mesh[node]!.peers.find(({ name }) => name === peer);
    const [ofCarol, ofAlice] = ["[2001:db8:2::2]:51820", "[2001:db8:1::2]:51820"];
    expect(end("alice", "carol")).toEqual({
        name: "carol",
        allowedIps: ["10.44.0.4/32"],
        endpoint: ofCarol,
        keepalive: 25,
    });
    expect(end("carol", "alice")).toEqual({
        name: "alice",
        allowedIps: ["10.44.0.2/32"],
        endpoint: ofAlice,
        keepalive: 25,
    });
    expect(end("carol", "east")).toMatchObject({ allowedIps: ["10.44.0.8/32", "10.44.0.3/32"] });
    expect(mesh["carol"]!.relayed).toEqual([{ relays: ["east"], addresses: ["10.44.0.3"] }]);
});

test("without a network of its own the mesh has no word of IPv6", () => {
    const inventory = inventoryOf({ alice, bob, east });
    expect(configOf(inventory, "alice")).not.toMatch(/::/);
    expect(hostsText(inventory)).not.toMatch(/::|ipv6/);
});

test("a mesh with IPv6: an address beside, allowed at the peer and at the relay, and a name of its own", () => {
    const inventory = inventoryOf({ alice, bob, carol, east }, network);
    const text = configOf(inventory, "bob");
    expect(text).toContain("Address = 10.44.0.3/24, fd5b:18c2:7f04::a2c:3/64\n");
    expect(text).toContain("AllowedIPs = 10.44.0.2/32, fd5b:18c2:7f04::a2c:2/128\n");
    expect(text).toContain(
        "AllowedIPs = 10.44.0.8/32, fd5b:18c2:7f04::a2c:8/128, 10.44.0.4/32, fd5b:18c2:7f04::a2c:4/128\n",
    );
    const role = renderWireguard("bob", planMesh(inventory)["bob"]!, {});
    expect(role.files!["/etc/wireguard/wg0.interface"]!.text).toContain(
        "Address = 10.44.0.3/24, fd5b:18c2:7f04::a2c:3/64",
    );
    expect(hostsText(inventory)).toContain(
        "10.44.0.3 bob.two.internal bob\nfd5b:18c2:7f04::a2c:3 bob.ipv6.two.internal bob.ipv6\n",
    );
});

test("a relay passes IPv6 on as well, and its ends move both addresses", () => {
    const inventory = inventoryOf({ bob, carol, east, west }, network);
    const role = (node: string): ReturnType<typeof renderWireguard> =>
        renderWireguard(node, planMesh(inventory)[node]!, {});
    expect(role("east").sysctl).toEqual({ "net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1" });
    expect(JSON.parse(role("bob").files!["/etc/wireguard/relay.json"]!.text)).toMatchObject({
        groups: [{ addresses: ["10.44.0.4"] }],
        beside: { "10.44.0.4": "fd5b:18c2:7f04::a2c:4" },
    });
});

test("the packet filter knows the LAN's IPv6 network, and who asks by either address", () => {
    const services = { "node-exporter": { at: ["alice"] }, prometheus: { at: "east", retention: "30d" } };
    const inventory = inventoryOf({ alice, bob, east }, network, { services });
    const text = firewallRules(planFirewall(inventory, designFleet(inventory), "alice"));
    expect(text).toContain("ip6 saddr { fe80::/10, 2001:db8:1::/64 } goto lan");
    const rule = 'meta l4proto tcp ct original proto-dst 9100 accept comment "node-exporter"';
    expect(text).toContain(`ip saddr { 10.44.0.8 } ${rule}\n`);
    expect(text).toContain(`ip6 saddr { fd5b:18c2:7f04::a2c:8 } ${rule}\n`);
});
