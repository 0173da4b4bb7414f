import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { drawFleet } from "../../components/fleet/picture/draw";
import { cutText, flow, fontSize, textWidth, type Size } from "../../components/fleet/picture/text";
import { pictures } from "../../tools/picture";
import { devText, homeText, stackOf } from "../support/stack";

const root = resolve(__dirname, "../..");
const read = (name: string): string => readFileSync(resolve(root, `stacks/${name}.yaml`), "utf8");

function draw(name: string, text: string): string {
    const { inventory, design } = stackOf(name, text);
    return drawFleet(inventory, design);
}

/** Three homes, two of whose nodes are relayed to each other, and two public nodes. */
function large(count: number): string {
    const node = (i: number): string => {
        const home = i % 3;
        return `  n${i}: { hardware: pi5-8gb, disk: nvme-256gb, location: home-${home}, address: 192.168.${home}.${i + 10}, mesh: 10.44.1.${i + 10} }`;
    };
    return [
        "version: 1",
        "fleet: large",
        "mesh: { network: 10.44.0.0/16 }",
        `locations: { ${[0, 1, 2].map((i) => `home-${i}: { lan: 192.168.${i}.0/24, uplink: 15mbit }`).join(", ")} }`,
        "nodes:",
        ...Array.from({ length: count - 2 }, (_, i) => node(i)),
        "  east: { hardware: amd64-4gb, address: 203.0.113.10, mesh: 10.44.2.1 }",
        "  west: { hardware: amd64-4gb, address: 203.0.113.11, mesh: 10.44.2.2 }",
        "edge: { at: [east, west], acme: ops@large.example }",
        "dns: { primary: east, secondaries: [west] }",
        "domains: { large.example: {} }",
        "models: { gateway: { public: ai.large.example }, engines: { llama.cpp: n0 }, serve: { 'gemma3:270m': n0 } }",
    ].join("\n");
}

interface Rectangle {
    readonly what: string;
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
}

function textsOf(svg: string): Rectangle[] {
    return [...svg.matchAll(/<text class="(\w+)" x="(\d+)" y="(\d+)">([^<]*)<\/text>/g)].map(
        ([, size, x, y, words]) => {
            const plain = words!.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
            const [left, base] = [Number(x), Number(y)];
            const right = left + textWidth(plain, size as Size);
            return { what: plain, left, top: base - fontSize[size as Size] * 0.8, right, bottom: base + 3 };
        },
    );
}

function boxesOf(svg: string): Rectangle[] {
    return [...svg.matchAll(/<rect class="([^"]+)" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g)].map(
        ([, what, x, y, width, height]) => ({
            what: what!,
            left: Number(x),
            top: Number(y),
            right: Number(x) + Number(width),
            bottom: Number(y) + Number(height),
        }),
    );
}

const overlap = (a: Rectangle, b: Rectangle): boolean =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const inside = (a: Rectangle, b: Rectangle): boolean =>
    a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
const pairsOf = (all: readonly Rectangle[]): [Rectangle, Rectangle][] =>
    all.flatMap((a, index) => all.slice(index + 1).map((b): [Rectangle, Rectangle] => [a, b]));
const named = (pairs: [Rectangle, Rectangle][]): string[] => pairs.map(([a, b]) => `${a.what} / ${b.what}`);

describe.each([
    ["home", homeText],
    ["dev", devText],
    ["blackroad", read("blackroad")],
    ["openclaw", read("openclaw")],
    ["sovgrid", read("sovgrid")],
    ["large", large(12)],
    ["large", large(50)],
])("%s", (name, text) => {
    const svg = draw(name, text);
    const [texts, boxes] = [textsOf(svg), boxesOf(svg)];
    const [, width = "", height = ""] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
    const view = { what: "view", left: 0, top: 0, right: Number(width), bottom: Number(height) };

    test("no text overlaps another, everything lies inside the view", () => {
        expect(texts.length).toBeGreaterThan(4);
        expect(named(pairsOf(texts).filter(([a, b]) => overlap(a, b)))).toEqual([]);
        expect([...texts, ...boxes].filter((one) => !inside(one, view))).toEqual([]);
    });

    test("no box cuts another, every text of a box is inside it", () => {
        const cut = pairsOf(boxes).filter(([a, b]) => overlap(a, b) && !inside(a, b) && !inside(b, a));
        expect(named(cut)).toEqual([]);
        const cutTexts = texts.flatMap((one) =>
            boxes.filter((box) => overlap(one, box) && !inside(one, box)).map((box) => `${one.what} / ${box.what}`),
        );
        expect(cutTexts).toEqual([]);
    });

    test("every node is named, with a title and a description, and nothing comes from elsewhere", () => {
        const { inventory } = stackOf(name, text);
        const words = texts.map(({ what }) => what);
        expect(Object.keys(inventory.nodes).filter((node) => !words.includes(node))).toEqual([]);
        expect(svg).toMatch(
            /role="img" aria-labelledby="title desc">\n {2}<title id="title">The fleet \w+<\/title>\n {2}<desc id="desc">\d+ node/,
        );
        expect(svg).toContain("prefers-color-scheme: dark");
        expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\((?!#)|@import|NaN|undefined/);
    });
});

test("the same fleet in another order gives the same picture", () => {
    const { inventory, design } = stackOf("dev", devText);
    const nodes = Object.fromEntries(Object.entries(inventory.nodes).reverse());
    expect(drawFleet({ ...inventory, nodes }, design)).toBe(draw("dev", devText));
});

test("tunnels are direct or relayed, requests come in at the edges", () => {
    const lines = (svg: string): string[] =>
        [...svg.matchAll(/<path class="(\w+)" stroke-width="[\d.]+" d="M[^"]*[CV]/g)].map(([, kind]) => kind!);
    expect(lines(draw("dev", devText))).toEqual(["tunnel", "ask"]);
    const kinds = lines(draw("large", large(12)));
    expect(kinds.filter((kind) => kind === "relay").length).toBeGreaterThanOrEqual(3);
    expect(kinds.filter((kind) => kind === "ask")).toHaveLength(2);
    expect(lines(draw("home", homeText))).toEqual([]);
});

test("texts are cut and flow into lines", () => {
    expect(cutText("abcdefghij", "line", textWidth("abcde", "line"))).toBe("abcd…");
    expect(flow(["aaaa", "bbbb", "cccc"], textWidth("aaaa · bbbb", "line"))).toEqual(["aaaa · bbbb", "cccc"]);
});

test("the generated pictures of the documents are fresh: tools/node tools/picture.ts", () => {
    const stale = Object.entries(pictures()).filter(
        ([file, text]) => readFileSync(resolve(root, file), "utf8") !== text,
    );
    expect(stale.map(([file]) => file)).toEqual([]);
});
