import { inventorySchema } from "../../components/fleet/schema";
import { meshAddresses } from "../../components/mesh/plan";
import { planDetours } from "../../components/node/ways";

const nodes = {
    alice: { hardware: "pi5-8gb", location: "home", address: "192.168.4.11", mesh: "10.44.0.11" },
    cecilia: { hardware: "pi5-8gb", location: "home", address: "192.168.4.12", mesh: "10.44.0.12" },
    relay: { hardware: "amd64-1gb", address: "203.0.113.10", port: 2222, mesh: "10.44.0.1" },
};

/** The ways to a node with these keys added, beside the direct one. */
const detoursOf = (name: keyof typeof nodes, keys: object) => {
    const changed = { ...nodes, [name]: { ...nodes[name], ...keys } };
    const inventory = inventorySchema.parse({
        version: 1,
        fleet: "home",
        nodes: changed,
        mesh: { network: "10.44.0.0/24" },
    });
    return planDetours(inventory, name, meshAddresses(inventory));
};

test("a node at home is seen by its neighbour at its own address, and from elsewhere at that in the mesh", () => {
    expect(detoursOf("alice", { via: ["cecilia", "relay"] })).toEqual([
        { host: "192.168.4.11", port: 22, via: "cecilia" },
        { host: "10.44.0.11", port: 22, via: "relay" },
    ]);
});

test("a public node is seen by everybody at its address, on the port of its sshd", () => {
    expect(detoursOf("relay", { via: "alice" })).toEqual([{ host: "203.0.113.10", port: 2222, via: "alice" }]);
});

test("without `via` there is the direct way only", () => {
    expect(detoursOf("alice", {})).toEqual([]);
});
