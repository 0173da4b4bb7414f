import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Ajv from "ajv";
import { parse } from "yaml";
import { jsonSchema, type JsonSchema } from "../../components/fleet/json-schema";
import { newInventory } from "../../tools/cli/inventory-text";
import { schemaFile } from "../../tools/schema";
import { homeText } from "../support/stack";

const root = resolve(__dirname, "../..");
const committed = readFileSync(join(root, "stacks/fleet.schema.json"), "utf8");
// `patternErrorMessage` is the YAML language server's; the formats come with patterns that say the same.
const validate = new Ajv({ keywords: ["patternErrorMessage"], formats: { date: true, uri: true } }).compile(
    JSON.parse(committed) as object,
);
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const yamlIn = (folder: string): string[] =>
    (readdirSync(join(root, folder), { recursive: true }) as string[])
        .filter((file) => file.endsWith(".yaml") && !/\.lock\.yaml$/.test(file))
        .map((file) => join(folder, file));

/** What the exported schema has against an inventory. */
function objections(text: string): unknown {
    return validate(parse(text)) ? undefined : validate.errors;
}

test("the committed JSON Schema is what schema.ts says", () => {
    expect(committed).toBe(schemaFile());
});

test("every field is described", () => {
    const undescribed = (schema: JsonSchema, path: string): string[] => [
        ...Object.entries(schema.properties ?? {}).flatMap(([key, field]) => [
            ...(field.description === undefined ? [`${path}.${key}`] : []),
            ...undescribed(field, `${path}.${key}`),
        ]),
        ...(schema.anyOf ?? []).flatMap((form) => undescribed(form, path)),
        ...(schema.items === undefined ? [] : undescribed(schema.items, `${path}[]`)),
        ...(typeof schema.additionalProperties === "object"
            ? undescribed(schema.additionalProperties, `${path}.*`)
            : []),
    ];
    expect(undescribed(jsonSchema(), "")).toEqual([]);
});

test("editors are offered the names of the catalogues as keys and as values, where others may stand too", () => {
    const { properties } = JSON.parse(committed) as { properties: Record<string, JsonSchema> };
    const one = (block: string): JsonSchema => properties[block]!.additionalProperties as JsonSchema;
    expect(properties.services!.properties!.postgres).toEqual({ $ref: "#/properties/services/additionalProperties" });
    expect(properties.models!.properties!.serve!.properties!["gemma3:270m"]).toEqual({
        $ref: "#/properties/models/properties/serve/additionalProperties",
    });
    expect(one("nodes").properties!.hardware).toMatchObject({
        examples: expect.arrayContaining(["pi5-8gb"]) as string[],
    });
    expect(one("services").properties!.type).toMatchObject({
        examples: expect.arrayContaining(["postgres"]) as string[],
    });
});

test.each([...yamlIn("stacks"), ...yamlIn("tests/accept")])("%s is valid for an independent validator", (file) => {
    expect(objections(read(file))).toBeUndefined();
});

test("so are the smallest inventory and what ./fleet init writes", () => {
    expect(objections(homeText)).toBeUndefined();
    expect(objections(newInventory("home", "gemma3:270m"))).toBeUndefined();
});

/** What no JSON Schema can say: how many names a pattern stands for, and what is in another file. */
const beyond = [
    "base/pattern-product",
    "base/pattern-too-long",
    "services/names-file-wrong-line",
    "addressing/ipv6-lan-bits",
].map((name) => `tests/reject/${name}.yaml`);
const shapeCodes = /\bSE00[234]\b/;
const misshapen = yamlIn("tests/reject").filter((file) => shapeCodes.test(read(file.replace(/yaml$/, "txt"))));

test.each(misshapen.filter((file) => !beyond.includes(file)))("%s is refused by it too", (file) => {
    expect(objections(read(file))).toBeDefined();
});

test.each([...yamlIn("stacks"), "init"])("an editor finds the schema of %s by its first line", (file) => {
    const text = file === "init" ? newInventory("home", "gemma3:270m") : read(file);
    expect(text.split("\n", 1)[0]).toBe("# yaml-language-server: $schema=fleet.schema.json");
});
