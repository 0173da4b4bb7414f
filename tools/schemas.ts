import { z } from "zod";
import { desiredSchema, installSchema, rosterSchema, secretsSchema } from "../components/converge/schema";

interface Json {
    readonly title?: string;
    readonly $comment?: string;
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly $defs?: Readonly<Record<string, unknown>>;
}

/** JSON Schema (draft 2020-12) of what converge.py reads: the desired state of a role, and as parts the other documents. */
export function documentsSchema(): Json {
    const desired = z.toJSONSchema(desiredSchema) as Json;
    const others = z.toJSONSchema(
        z.object({ secrets: secretsSchema, roster: rosterSchema, install: installSchema }),
    ) as Json;
    return {
        title: "Desired state of one role on one node",
        $comment: "Written by tools/node tools/schemas.ts from components/converge/schema.ts; a test holds it fresh.",
        ...desired,
        $defs: { ...others.$defs, ...desired.$defs, ...others.properties },
    };
}

if (require.main === module) process.stdout.write(`${JSON.stringify(documentsSchema(), null, 4)}\n`);
