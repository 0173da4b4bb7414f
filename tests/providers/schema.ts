import { execFileSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Kind, Properties } from "./declarations";

const home = process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");

const propertySchema = z.object({
    type: z.string().optional(),
    $ref: z.string().optional(),
    oneOf: z.array(z.unknown()).optional(),
    secret: z.boolean().optional(),
});
const objectSchema = z.object({
    type: z.string().optional(),
    properties: z.record(z.string(), propertySchema).default({}),
    required: z.array(z.string()).default([]),
});
const packageSchema = z.object({
    version: z.string(),
    types: z.record(z.string(), objectSchema).default({}),
    resources: z.record(
        z.string(),
        objectSchema.extend({
            inputProperties: z.record(z.string(), propertySchema).default({}),
            requiredInputs: z.array(z.string()).default([]),
        }),
    ),
});

/** A provider's schema, of the parts compared here. */
export type Schema = z.infer<typeof packageSchema>;
type RawProperties = Readonly<Record<string, z.infer<typeof propertySchema>>>;

/**
 * The schema of an installed plugin, asked by the CLI.
 * @throws Error when the plugin is not installed or its schema is not valid
 */
export function installedSchema(name: string, version: string): Schema {
    const plugin = join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
    const output = execFileSync(join(home, "versions/3.259.0/bin/pulumi"), ["package", "get-schema", plugin], {
        encoding: "utf8",
        env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
        maxBuffer: 64 << 20,
    });
    return packageSchema.parse(JSON.parse(output));
}

/** Properties of a schema in the form that declarations have. Types that inputs refer to are followed. */
export function properties(
    schema: Schema,
    raw: RawProperties,
    required: readonly string[],
    follow: boolean,
): Properties {
    return Object.fromEntries(
        Object.entries(raw).map(([name, property]) => {
            const type = schema.types[property.$ref?.replace("#/types/", "") ?? ""];
            const fields =
                follow && type?.type === "object"
                    ? properties(schema, type.properties, type.required, true)
                    : undefined;
            const kind = kindOf(type?.type ?? property.type, property.$ref);
            return [name, { kind, required: required.includes(name), ...(fields && { fields }) }];
        }),
    );
}

function kindOf(type: string | undefined, reference: string | undefined): Kind {
    switch (type) {
        case "integer":
            return "number";
        case "string":
        case "number":
        case "boolean":
        case "array":
        case "object":
            return type;
        default:
            return /^pulumi\.json#\/(Asset|Archive)$/.test(reference ?? "") ? "asset" : "any";
    }
}
