import { InventoryError, type PlacedProblem } from "../../components/fleet/errors";
import { loadInventory } from "../../components/fleet/load";
import { flowEntry, insertNode, newInventory } from "../../tools/cli/inventory-text";

/** What is said of an inventory that a stranger wrote: errors and warnings. */
function said(text: string): readonly PlacedProblem[] {
    try {
        return loadInventory("home", "home.yaml", text).warnings;
    } catch (error) {
        if (error instanceof InventoryError) return error.problems;
        throw error;
    }
}

/** The text from a place on with its first word, quotes around it or not, put into other words. */
function reword(text: string, { line, column }: PlacedProblem, change: (rest: string) => string): string {
    const lines = text.split("\n");
    const written = lines[line - 1]!;
    lines[line - 1] = written.slice(0, column - 1) + change(written.slice(column - 1));
    return lines.join("\n");
}

/** Does what the error says and knows nothing else: the word it offers, the form it shows, the quotes it takes off. */
function mend(text: string, problem: PlacedProblem): string {
    const { message, fix } = problem;
    const [, wrong = ""] = /"([^"]+)"/.exec(message) ?? [];
    const [, offered] =
        /Did you mean "([^"]+)"\?/.exec(fix) ?? /^Write [a-zA-Z0-9 -]+ like (\S+?)(?: or .*)?\.$/.exec(fix) ?? [];
    if (offered !== undefined) return reword(text, problem, (rest) => rest.replace(wrong, offered));
    if (fix.includes("without quotes")) return reword(text, problem, (rest) => rest.replace(`"${wrong}"`, wrong));
    const [, below] = /^Use a name below (\S+?),/.exec(fix) ?? [];
    if (below !== undefined) return reword(text, problem, (rest) => rest.replace(/: [^ ,}]+/, `: ai.${below}`));
    const [, line] = /Write `([^`]+)`/.exec(fix) ?? [];
    if (line !== undefined) return reword(text, problem, (rest) => rest.replace("{ ", `{ ${line}, `));
    throw new Error(`Nobody could act on this: ${message} ${fix}`);
}

const started = newInventory("home", "gemma3:270m");
const one = insertNode(started, "box", { hardware: "amd64-16gb", address: "192.168.1.20" });

test("what init writes names the one thing that is left to do", () => {
    expect(said(started).map(({ code, fix }) => [code, fix])).toEqual([
        ["SE006", "Add a node first: `./fleet add NAME ADDRESS` looks at the machine and writes its line."],
    ]);
});

test("with one node it is a fleet, and nothing is said against it", () => {
    expect(said(one)).toEqual([]);
    expect(one).toContain(`  box: ${flowEntry({ hardware: "amd64-16gb", address: "192.168.1.20" })}`);
});

/** A second machine at home, and a rented one through which the internet comes in. */
const three = insertNode(insertNode(one, "pi", { hardware: "pi5-8gb", address: "192.168.1.21" }), "rented", {
    hardware: "amd64-2gb",
    address: "203.0.113.20",
})
    .replace(
        "models:",
        "edge: { at: rented, acme: ops@example.org }\ndns: { primary: rented }\ndomains: { example.org: {} }\nmodels:",
    )
    .replace("  engines:", "  gateway: { public: ai.example.org, keys: [me] }\n  engines:")
    .replace("gemma3:270m: box", "gemma3:270m: [box, pi]")
    .replace("llama.cpp: box", "llama.cpp: [box, pi]");

test("three nodes and a public name are one more block, and no error", () => {
    expect(three).toContain("llama.cpp: [box, pi]");
    expect(said(three)).toEqual([]);
});

test.each([
    ["a misspelt key", "pi: { hardware: pi5-8gb, address:", "pi: { hardware: pi5-8gb, adress:"],
    ["a misspelt board", "hardware: pi5-8gb", "hardware: pi5-8g"],
    ["a number in quotes", "192.168.1.21 }", '192.168.1.21, port: "2222" }'],
    ["a machine that is not there", "gemma3:270m: [box, pi]", "gemma3:270m: [box, pie]"],
    ["a router's address for a network", "nodes:", "mesh: { network: 10.44.0.1/24 }\nnodes:"],
    ["a name of another domain", "public: ai.example.org", "public: ai.exmaple.org"],
    ["a model that is spelt otherwise", "gemma3:270m: [box", "gema3:270m: [box"],
    ["no contact for certificates", "acme: ops@example.org", "acme: example.org"],
])("%s is mended from the error alone", (_, right, wrong) => {
    expect(three).toContain(right);
    let text = three.replace(right, wrong);
    expect(said(text)).not.toEqual([]);
    for (let step = 0; step < 3 && said(text).length > 0; step++) text = mend(text, said(text)[0]!);
    expect(said(text)).toEqual([]);
});
