import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import type { z } from "zod";
import { desiredSchema, installSchema, rosterSchema, secretsSchema } from "../../components/converge/schema";
import { planFleet } from "../../components/fleet/plan";
import { documentsSchema } from "../../tools/schemas";
import { devText, homeText, stackOf } from "../support/stack";

const root = resolve(__dirname, "../..");
const read = (file: string): Record<string, Record<string, unknown>> =>
    JSON.parse(readFileSync(join(root, file), "utf8")) as Record<string, Record<string, unknown>>;
const committed = read("components/converge/desired.schema.json");
/** One document of each kind with every field there is; Python's tests start from them too. */
const complete = read("tests/converge/documents.json");
const ajv = new Ajv2020({ schemas: [{ ...committed, $id: "desired" }] });
const kinds: Record<string, { readonly schema: z.ZodType; readonly reference: string }> = {
    desired: { schema: desiredSchema, reference: "desired" },
    secrets: { schema: secretsSchema, reference: "desired#/$defs/secrets" },
    roster: { schema: rosterSchema, reference: "desired#/$defs/roster" },
    install: { schema: installSchema, reference: "desired#/$defs/install" },
};

/** What zod and the exported schema have against a document; both undefined when they take it. */
function objections(kind: string, document: unknown): { zod: unknown; exported: unknown } {
    const { schema, reference } = kinds[kind]!;
    const validate = ajv.getSchema(reference)!;
    const exported = validate(document) ? undefined : validate.errors;
    return { zod: schema.safeParse(document).error?.issues, exported };
}

const none = { zod: undefined, exported: undefined };
const refusedByBoth = { zod: expect.any(Array) as unknown, exported: expect.any(Array) as unknown };

/** Fifteen lines for three places: what a small office and a rented server ask for. */
const officeText = `version: 1
fleet: office
mesh: { network: 10.9.0.0/24 }
locations:
  office: { lan: 192.168.30.0/24 }
nodes:
  desk: { hardware: amd64-16gb, location: office, address: 192.168.30.5 }
  shelf: { hardware: pi5-8gb, location: office, address: 192.168.30.6 }
  rented: { hardware: amd64-2gb, address: 203.0.113.77 }
edge: { at: rented, acme: { email: ops@office.example, directory: "https://acme.example/dir" } }
dns: { primary: rented }
domains: { office.example: {} }
models:
  gateway: { public: ai.office.example, keys: [web] }
  engines: { llama.cpp: desk }
  serve: { gemma3:270m: desk }
`;

test("the committed JSON Schema is what schema.ts says", () => {
    expect(JSON.stringify(committed)).toBe(JSON.stringify(documentsSchema()));
});

test.each([
    ["dev", devText, 10],
    ["home", homeText, 3],
    ["office", officeText, 9],
])("every role of every node of %s is a desired state", (name, text, count) => {
    const nodes = Object.values(planFleet(stackOf(name, text)).nodes);
    const roles = nodes.flatMap((node) => Object.values(node.roles));
    expect(roles.length).toBeGreaterThanOrEqual(count);
    for (const role of roles) {
        expect([role.node, role.role, objections("desired", role)]).toEqual([role.node, role.role, none]);
    }
});

test.each(Object.keys(kinds))("a complete document is taken: %s", (kind) => {
    expect(objections(kind, complete[kind])).toEqual(none);
});

test("the complete desired state has every section", () => {
    expect(Object.keys(complete["desired"]!).sort()).toEqual(Object.keys(desiredSchema.shape).sort());
});

const conf = { mode: "0644", owner: "root:root", text: "x" };
const off = { enabled: false, running: false };
test.each([
    ["an unknown section", { fils: {} }],
    ["an unknown field", { files: { "/etc/x": { ...conf, modes: "0644" } } }],
    ["a missing field", { files: { "/etc/x": { mode: "0644", owner: "root:root" } } }],
    ["a list for a map", { files: [] }],
    ["a path that climbs", { files: { "/etc/../x": conf } }],
    ["a path of the kernel", { files: { "/proc/x": conf } }],
    ["a path of converge.py", { directories: { "/var/lib/sovereign-edge/x": { mode: "0700", owner: "root:root" } } }],
    ["a kind of reference that does not exist", { files: { "/etc/x": { ...conf, text: "{{adress:bob}}" } } }],
    ["a masked unit that runs", { units: { "x.service": { ...off, running: true, masked: true } } }],
    ["a masked unit that reloads", { units: { "x.service": { ...off, masked: true, reloadOn: {} } } }],
    ["a unit without its type", { units: { x: off } }],
    ["a unit of converge.py's own", { units: { "sovereign-edge-recover.service": off } }],
    ["a check of two kinds", { checks: { x: { tcp: "h:1", argv: ["true"], within: 1 } } }],
    ["a check of no kind", { checks: { x: { within: 1 } } }],
    ["a port that is none", { checks: { x: { tcp: "h:65536", within: 1 } } }],
    ["an image by its tag", { images: { "docker.io/library/caddy:2": {} } }],
    ["an image without a registry", { images: { [`caddy@sha256:${"0".repeat(64)}`]: {} } }],
    ["a key that is none", { sources: { x: { uris: "http://x", suites: "y", components: "z", key: "mQIN" } } }],
    ["a short window", { confirm: { window: 9 } }],
    ["a long window", { confirm: { window: 601 } }],
    ["a kernel setting that climbs", { sysctl: { "kernel/../../etc/passwd": "1" } }],
    ["a number that no reader keeps", { secrets: { x: Number.MAX_SAFE_INTEGER + 1 } }],
    ["a set with a false member", { requires: { os: { "debian-13": false } } }],
    ["a command without words", { backup: { argv: [] } }],
])("refused by zod and by the JSON Schema: %s", (_, sections) => {
    const header = { version: 1, fleet: "dev", node: "alice", incarnation: 1, role: "x" };
    expect(objections("desired", header)).toEqual(none);
    expect(objections("desired", { ...header, ...sections })).toEqual(refusedByBoth);
});

test("every field says what it is", () => {
    const silent = Object.entries(propertiesIn(committed, "")).filter(([, property]) => !("description" in property));
    expect(silent.map(([place]) => place)).toEqual([]);
});

test("the program does not load the schema of what it renders itself", () => {
    const components = join(root, "components");
    const loads = (file: string): boolean =>
        [...readFileSync(join(components, file), "utf8").matchAll(/^import (?!type )[^;]*"(\.[^"]+)";/gm)].some(
            ([, target]) => resolve(components, dirname(file), target!) === join(components, "converge/schema"),
        );
    const files = readdirSync(components, { recursive: true }) as string[];
    expect(files.filter((file) => file.endsWith(".ts") && loads(file))).toEqual([]);
});

/** Every property in a JSON Schema, by its place. */
function propertiesIn(schema: object, place: string): Record<string, object> {
    return Object.entries(schema).reduce<Record<string, object>>((all, [key, value]: [string, unknown]) => {
        if (typeof value !== "object" || value === null) return all;
        const own = key === "properties" ? named(value, place) : {};
        return { ...all, ...own, ...propertiesIn(value, `${place}/${key}`) };
    }, {});
}

function named(properties: object, place: string): Record<string, object> {
    return Object.fromEntries(
        Object.entries(properties).map(([name, property]: [string, object]) => [`${place}/${name}`, property]),
    );
}
