import { jsonSchema, type JsonSchema } from "../components/fleet/json-schema";
import { models } from "../components/models/catalogue";
import { engineNames } from "../components/models/schema";
import { dropletNames } from "../components/node/droplets";
import { hardwareNames } from "../components/node/hardware";
import { catalogue } from "../components/services/catalogue/catalogue";

/** What editors offer where other names may stand too; `*` is any key. As keys of a map, or as values. */
const keys: Readonly<Record<string, readonly string[]>> = {
    "/models/engines": engineNames,
    "/models/serve": Object.keys(models),
    "/services": Object.keys(catalogue),
};
const values: Readonly<Record<string, readonly string[]>> = {
    "/nodes/*/hardware": hardwareNames,
    "/nodes/*/droplet": dropletNames,
    "/services/*/type": Object.keys(catalogue),
};

/**
 * The text of stacks/fleet.schema.json: what editors complete and explain an inventory with. Without a title, which the YAML
 * language server would print above every explanation.
 */
export function schemaFile(): string {
    const { $schema, ...schema } = offering(jsonSchema(), "", "#") as Readonly<Record<string, unknown>>;
    const head = {
        $schema,
        $comment: "Written by tools/node tools/schema.ts from the schema.ts of every concept; a test holds it fresh.",
    };
    return `${JSON.stringify({ ...head, ...schema }, null, 4)}\n`;
}

/**
 * A schema with the names that editors offer. The YAML language server completes keys from `properties` alone, not from
 * `propertyNames`, and values from `examples` (tried with 1.18).
 * @param place the keys that lead here @param pointer where the schema itself stands (RFC 6901)
 */
function offering(schema: JsonSchema, place: string, pointer: string): object {
    const { properties, additionalProperties, anyOf } = schema;
    const beyond = { $ref: `${pointer}/additionalProperties` };
    const known = keys[place]?.map((key): [string, object] => [key, beyond]);
    const inner = Object.entries(properties ?? {}).map(([key, value]): [string, object] => [
        key,
        offering(value, `${place}/${key}`, `${pointer}/properties/${key}`),
    ]);
    return {
        ...schema,
        ...(values[place] === undefined ? {} : { examples: values[place] }),
        ...(properties === undefined ? {} : { properties: Object.fromEntries<object>(inner) }),
        ...(known === undefined ? {} : { properties: Object.fromEntries<object>(known) }),
        ...(typeof additionalProperties === "object"
            ? { additionalProperties: offering(additionalProperties, `${place}/*`, `${pointer}/additionalProperties`) }
            : {}),
        ...(anyOf === undefined
            ? {}
            : { anyOf: anyOf.map((form, index) => offering(form, place, `${pointer}/anyOf/${index}`)) }),
    };
}

// `tools/node tools/schema.ts > stacks/fleet.schema.json`
if (require.main === module) process.stdout.write(schemaFile());
