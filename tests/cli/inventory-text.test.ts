import fc from "fast-check";
import { parse } from "yaml";
import { loadInventory } from "../../components/fleet/load";
import { flowEntry, insertNode, newInventory } from "../../tools/cli/inventory-text";

const line = { hardware: "amd64-16gb", address: "192.168.1.20" };

test("an entry is written in a fixed order, without what it has not", () => {
    expect(flowEntry(line)).toBe("{ hardware: amd64-16gb, address: 192.168.1.20 }");
    expect(flowEntry({ ...line, os: "debian-13", location: "home", via: "aria", user: "pi", port: 2222 })).toBe(
        "{ hardware: amd64-16gb, os: debian-13, location: home, address: 192.168.1.20, via: aria, user: pi, port: 2222 }",
    );
});

test("the first node takes the places that init left open, and the result is a good inventory", () => {
    const text = insertNode(newInventory("home", "gemma3:270m"), "box", line);
    expect(text).toContain("\n  box: { hardware: amd64-16gb, address: 192.168.1.20 }\n");
    expect(text).not.toContain("NODE }");
    expect(text).not.toContain("takes the place");
    const { inventory } = loadInventory("home", "home.yaml", text);
    expect(inventory.models?.serve).toEqual({ "gemma3:270m": { at: ["box"] } });
    expect(inventory.models?.engines["llama.cpp"]?.at).toEqual(["box"]);
});

test("an inventory without nodes says to add one, and nothing else", () => {
    let message = "";
    try {
        loadInventory("home", "home.yaml", newInventory("home", "gemma3:270m"));
    } catch (error) {
        message = (error as Error).message;
    }
    expect(message).toContain("SE006");
    expect(message).toContain("./fleet add NAME ADDRESS");
    expect(message).toContain("1 error.");
});

test("comments, columns, blank lines and everything else stay as they were", () => {
    const before = `# my fleet
version: 1
fleet: home

nodes:   # machines
  alice:    { hardware: pi5-8gb,    address: 192.168.1.11 }   # kitchen

  # under the stairs
  bob:      { hardware: pi4-4gb,    address: 192.168.1.12 }   # noisy

mesh: { network: 10.44.0.0/24 }   # keep
`;
    const noisy = "# noisy\n";
    expect(insertNode(before, "carol", line)).toBe(
        before.replace(noisy, `${noisy}  carol: { hardware: amd64-16gb, address: 192.168.1.20 }\n`),
    );
});

test.each([
    ["block entries", "nodes:\n    alice:\n        hardware: pi5-8gb\n        address: 192.168.1.11\nmesh: {}\n"],
    ["one line", "nodes: { alice: { hardware: pi5-8gb, address: 192.168.1.11 } }\nmesh: {}\n"],
    ["several lines of flow", "nodes: {\n  alice: { hardware: pi5-8gb, address: 192.168.1.11 }\n}\nmesh: {}\n"],
    [
        "the end of the file, without a line's end",
        "mesh: {}\nnodes:\n  alice: { hardware: pi5-8gb, address: 192.168.1.11 }",
    ],
    ["nothing", "nodes:\nmesh: {}\n"],
    ["an empty map with a comment", "nodes: {} # none yet\nmesh: {}\n"],
    ["the empty end of the file", "mesh: {}\nnodes: {}"],
])("after %s", (_, text) => {
    const before = parse(text) as { nodes: Record<string, unknown> | null };
    const after = parse(insertNode(text, "box", line)) as typeof before;
    expect(after).toEqual({ ...before, nodes: { ...before.nodes, box: line } });
    for (const comment of text.match(/#.*/g) ?? []) expect(insertNode(text, "box", line)).toContain(comment);
});

test("any number of nodes is inserted one after the other", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
    fc.assert(
        fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), (names) => {
            const text = names.reduce(
                (inventory, node) => insertNode(inventory, node, line),
                newInventory("home", "gemma3:270m"),
            );
            expect(Object.keys((parse(text) as { nodes: object }).nodes)).toEqual(names);
        }),
    );
});

test("without nodes: there is nowhere to insert", () => {
    expect(() => insertNode("version: 1\n", "box", line)).toThrow("Write `nodes: {}`.");
});
