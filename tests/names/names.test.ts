import { planZones } from "../../components/dns/plan";
import { designFleet } from "../../components/fleet/design";
import { planCertificates } from "../../components/names/certificates";
import { planInternalNames } from "../../components/names/plan";
import { shop } from "../services/support";

const everything = [
    "models: { gateway: { public: ai.shop.example, keys: [web] }, engines: { ollama: box }, serve: { llama3.2:1b: box } }",
    "websites:",
    "  front: { at: box, public: shop.example }",
    '  pages: { at: attic, each: [a, b], public: "{name}.eu.shop.example" }',
    "  manuals: { at: box, each: [tools] }",
    "services:",
    "  gitea: { at: [box, attic], public: git.shop.example }",
    "  nats: { at: box }",
    "  helper: { type: agent, at: box }",
].join("\n");
const { inventory, design } = shop(everything);

test("one list of names: what answers, where it stands, which edges serve it, in which domain", () => {
    expect(
        design.names.map(({ name, kind, of, nodes, port, domain }) => [name, kind, of, nodes, port, domain]),
    ).toEqual([
        ["a.eu.shop.example", "website", "pages-a", ["attic"], undefined, "eu.shop.example"],
        ["ai.shop.example", "gateway", "models", ["box"], undefined, "shop.example"],
        ["b.eu.shop.example", "website", "pages-b", ["attic"], undefined, "eu.shop.example"],
        ["git.shop.example", "service", "gitea", ["box", "attic"], 3000, "shop.example"],
        ["shop.example", "website", "front", ["box"], undefined, "shop.example"],
    ]);
    expect(new Set(design.names.flatMap(({ edges }) => edges))).toEqual(new Set(["east", "west"]));
});

test("zones: hidden primary, two nameservers, addresses of every edge at the apex too, delegation with glue", () => {
    const [below, own] = planZones(inventory, design.names);
    const lines = (zone = own): string[] => zone!.records.map(({ name, type, value }) => `${name} ${type} ${value}`);
    expect([own!.domain, own!.primary, own!.nameserver]).toEqual(["shop.example", "box", "ns1.shop.example"]);
    expect(lines()).toEqual([
        "shop.example NS ns1.shop.example.",
        "shop.example NS ns2.shop.example.",
        "ns1.shop.example A 203.0.113.10",
        "ns2.shop.example A {{address:west}}",
        "eu.shop.example NS ns1.eu.shop.example.",
        "eu.shop.example NS ns2.eu.shop.example.",
        "ns1.eu.shop.example A 203.0.113.10",
        "ns2.eu.shop.example A {{address:west}}",
        ...["ai.shop.example", "git.shop.example", "shop.example"].flatMap((name) => [
            `${name} A 203.0.113.10`,
            `${name} A {{address:west}}`,
        ]),
    ]);
    expect(lines(below)).toContain("a.eu.shop.example A 203.0.113.10");
});

test("every edge has a certificate of its own for every name, counted by the registered domain", () => {
    const certificates = planCertificates(inventory, design.names);
    expect(certificates.length).toBe(10);
    expect(new Set(certificates.map(({ registered }) => registered))).toEqual(new Set(["shop.example"]));
});

test("what has no public name has one inside, when it answers on a port", () => {
    expect(planInternalNames(inventory, design.instances).map(({ name, node }) => [name, node])).toEqual([
        ["nats.shop.internal", "box"],
        ["tools.shop.internal", "box"],
    ]);
});

test("redirects are names like others", () => {
    const text = everything.replace("websites:", "websites:\n  more: { at: box, public: www.shop.example }");
    const { inventory: more } = shop(text);
    const redirecting = { ...more, edge: { ...more.edge!, redirects: { "old.shop.example": "www.shop.example" } } };
    const [, zone] = planZones(redirecting, designFleet(redirecting).names);
    expect(zone!.records.filter(({ name }) => name === "old.shop.example").length).toBe(2);
});
