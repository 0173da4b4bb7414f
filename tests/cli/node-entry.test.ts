import { parse } from "yaml";
import { writeInEntry } from "../../tools/cli/node-entry";

const inventory = (box: string): string =>
    `fleet: home\nnodes:\n  # the first one\n  alice: { hardware: amd64-1gb, incarnation: 7 }\n  box: ${box}\n  carol: { hardware: amd64-1gb } # the last\nmodels: {}\n`;

test.each([
    [
        "{ hardware: amd64-1gb, port: 22 } # by the door",
        "{ hardware: amd64-1gb, port: 22, incarnation: 2 } # by the door",
    ],
    ["{ hardware: amd64-1gb, incarnation: 1, port: 22 }", "{ hardware: amd64-1gb, incarnation: 2, port: 22 }"],
    ["{hardware: amd64-1gb,}", "{hardware: amd64-1gb, incarnation: 2,}"],
    [
        "\n    hardware: amd64-1gb # eight cores\n    port: 22 # plain",
        "\n    hardware: amd64-1gb # eight cores\n    port: 22 # plain\n    incarnation: 2",
    ],
    [
        "\n    # new disk in May\n    incarnation: 1   # counted\n    port: 22",
        "\n    # new disk in May\n    incarnation: 2   # counted\n    port: 22",
    ],
])("goes into %j and every other byte stays", (before, after) => {
    const text = writeInEntry(inventory(before), "box", "incarnation", 2);
    expect(text).toBe(inventory(after));
    expect(parse(text)).toMatchObject({ nodes: { alice: { incarnation: 7 }, box: { incarnation: 2 } } });
});

test("an entry that is not a map of its own is left to its author", () => {
    const text = inventory("*shared").replace("alice: {", "alice: &shared {");
    expect(() => writeInEntry(text, "box", "incarnation", 2)).toThrow("Write `incarnation: 2` there by hand.");
});
