import { jsonSchema } from "../components/fleet/json-schema";

/** The text of stacks/fleet.schema.json: what editors complete and explain an inventory with. */
export function schemaFile(): string {
    const { $schema, ...schema } = jsonSchema() as Readonly<Record<string, unknown>>;
    const head = {
        $schema,
        title: "Inventory of a fleet",
        $comment: "Written by tools/node tools/schema.ts from the schema.ts of every concept; a test holds it fresh.",
    };
    return `${JSON.stringify({ ...head, ...schema }, null, 4)}\n`;
}

// `tools/node tools/schema.ts > stacks/fleet.schema.json`
if (require.main === module) process.stdout.write(schemaFile());
