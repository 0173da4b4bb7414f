import { InventoryError } from "../../components/fleet/errors";
import { loadInventory } from "../../components/fleet/load";
import { devText, homeText } from "../support/stack";

/** Lines `LINE:COLUMN CODE path | message | fix` of everything that is refused. */
function refusals(text: string, stack = "dev"): string[] {
    try {
        loadInventory(stack, "dev.yaml", text);
    } catch (error) {
        if (!(error instanceof InventoryError)) throw error;
        return error.problems.map(
            (p) => `${p.line}:${p.column} ${p.code} ${p.path.join(".")} | ${p.message} | ${p.fix}`,
        );
    }
    return [];
}

/** The committed inventory with one text replaced; the text must be there. */
function dev(from: string, to: string): string {
    expect(devText).toContain(from);
    return devText.replace(from, to);
}

test("the committed inventory and the smallest one are accepted", () => {
    expect(refusals(devText)).toEqual([]);
    expect(refusals(homeText, "home")).toEqual([]);
});

test("every problem is named at once, each with its place", () => {
    const text = devText
        .replace("cecilia:  { hardware: amd64-2gb", "cecilia:  { hardwre: amd64-2gb, hardware: amd64-2gb")
        .replace("192.168.8.12", "192.168.8.11")
        .replace("engines: { llama.cpp: cecilia }", "engines: { llama.cpp: cecila }");
    expect(refusals(text)).toEqual([
        '13:15 SE002 nodes.cecilia.hardwre | "hardwre" is not a known key. | Did you mean "hardware"?',
        "13:72 SE010 nodes.cecilia.address | 192.168.8.11 is the address of alice already. | Give cecilia its own address, or delete one of the two nodes.",
        '26:14 SE012 models.engines.llama.cpp | There is no node "cecila". | Did you mean "cecilia"?',
        "28:5 SE031 models.serve.gemma3:270m | cecilia runs no engine. | Add cecilia to models.engines.llama.cpp.",
    ]);
});

test.each([
    [
        "another fleet's stack",
        devText,
        "prod",
        [
            '4:1 SE005 fleet | This inventory is for fleet "dev", the stack is "prod". | Use the inventory of "prod", or run with -s dev.',
        ],
    ],
    ["a tab in YAML", "version: 1\n\tfleet: dev\n", "dev", [expect.stringContaining("2:1 SE001  | ")]],
    [
        "a key twice",
        "version: 1\nfleet: dev\nfleet: dev\n",
        "dev",
        ['3:1 SE001  | The key "fleet" is there already. | Keep one of the two.'],
    ],
    [
        "an address out of range",
        dev("203.0.113.10", "203.0.113.300"),
        "dev",
        [
            '14:36 SE003 nodes.gematria.address | "203.0.113.300" does not fit here. | Write an IPv4 address like 192.168.1.20.',
        ],
    ],
    [
        "a node without address",
        dev(", address: 203.0.113.10", ""),
        "dev",
        ["14:3 SE018 nodes.gematria | Nobody says where gematria is. | Write `address: ADDRESS`, as it is reached at."],
    ],
    [
        "a location that is not there",
        dev("amd64-1gb, location: home", "amd64-1gb, location: hom"),
        "dev",
        [expect.stringMatching(/^12:\d+ SE013 .*Did you mean "home"\?$/)],
    ],
    [
        "unknown hardware",
        dev("amd64-2gb", "pi5-8gbb"),
        "dev",
        [expect.stringMatching(/SE014 nodes.cecilia.hardware .*Did you mean "pi5-8gb"\?$/)],
    ],
    [
        "a mesh address outside the network",
        dev("10.44.0.11", "10.45.0.11"),
        "dev",
        [expect.stringMatching(/SE011 nodes.alice.mesh .*lies outside/)],
    ],
    [
        "a mesh address twice",
        dev("10.44.0.11", "10.44.0.12"),
        "dev",
        [expect.stringMatching(/SE011 nodes.cecilia.mesh .*of alice already/)],
    ],
    [
        "an edge behind NAT",
        dev("at: gematria", "at: alice"),
        "dev",
        [expect.stringMatching(/SE022 edge.at .*private address 192.168.8.11/)],
    ],
    [
        "a nameserver behind NAT",
        dev("primary: gematria", "primary: alice"),
        "dev",
        [expect.stringMatching(/SE022 dns.primary/)],
    ],
    [
        "a public name of nobody's domain",
        dev("ai.dev.example", "ai.example.org"),
        "dev",
        [expect.stringMatching(/SE020 models.gateway.public .*Use a name below dev.example/)],
    ],
    [
        "a public name without nameserver",
        dev("dns: { primary: gematria }\n", ""),
        "dev",
        [expect.stringMatching(/SE021 models.gateway.public .*has no dns/)],
    ],
    [
        "an unknown model",
        dev("gemma3:270m: cecilia", "gemma3:270: cecilia"),
        "dev",
        [expect.stringMatching(/SE030 .*Did you mean "gemma3:270m"\?$/)],
    ],
    [
        "a header that breaks out of its line",
        dev("nosniff", '"a\\nb"'),
        "dev",
        [expect.stringMatching(/SE003 edge.headers.X-Content-Type-Options .*one line of text/)],
    ],
    [
        "a private address outside its LAN",
        dev("192.168.8.11", "192.168.9.11"),
        "dev",
        [expect.stringMatching(/SE016 nodes.alice.address .*outside 192.168.8.0/)],
    ],
    [
        "a header that Caddy would take for a deletion",
        dev("X-Content-Type-Options", '"-Server"'),
        "dev",
        [expect.stringMatching(/SE003 edge.headers.-Server .*header field name/)],
    ],
    [
        "an edge that is no map",
        dev("dns: { primary: gematria }", "dns: gematria"),
        "dev",
        [
            expect.stringMatching(
                /SE003 dns \| The text "gematria" does not fit here. \| Write a map like \{ primary: … \}\. /,
            ),
        ],
    ],
])("refused: %s", (_, text, stack, expected) => {
    expect(refusals(text, stack)).toEqual(expected);
});

test("two nodes behind different NATs are relayed by the public one", () => {
    const text = devText
        .replace("locations:", "locations:\n  cabin: { lan: 192.168.9.0/24 }")
        .replace(
            "amd64-2gb, location: home, address: 192.168.8.12",
            "amd64-2gb, location: cabin, address: 192.168.9.12",
        );
    expect(refusals(text)).toEqual([]);
});

test("a name that every object has is no node", () => {
    expect(refusals(dev("llama.cpp: cecilia", "vllm: __proto__"))).toEqual(
        expect.arrayContaining([expect.stringContaining("SE019 models.engines.vllm")]),
    );
});
