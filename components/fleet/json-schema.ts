import { z } from "zod";
import { inventorySchema } from "./schema";

/** The part of JSON Schema (draft 7) that is used here. */
export interface JsonSchema {
    readonly type?: string;
    readonly description?: string;
    readonly enum?: readonly unknown[];
    readonly const?: unknown;
    readonly minimum?: number;
    readonly maximum?: number;
    readonly exclusiveMinimum?: number;
    readonly pattern?: string;
    /** What the YAML language server says of a text that does not fit `pattern`. */
    readonly patternErrorMessage?: string;
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly propertyNames?: JsonSchema;
    readonly additionalProperties?: JsonSchema | false;
    readonly required?: readonly string[];
    readonly items?: JsonSchema;
    readonly anyOf?: readonly JsonSchema[];
}

let computed: JsonSchema | undefined;

/**
 * The inventory's JSON Schema, for editors and for error texts: the form that people write, before defaults. Draft 7 is the
 * newest that every version of the YAML language server reads.
 */
export function jsonSchema(): JsonSchema {
    computed ??= z.toJSONSchema(inventorySchema, {
        target: "draft-7",
        io: "input",
        unrepresentable: "any",
        override: ({ zodSchema, jsonSchema: written }) => {
            const words = formWords(zodSchema);
            if (words !== undefined) Object.assign(written, { patternErrorMessage: `Write ${words}.` });
        },
    }) as JsonSchema;
    return computed;
}

/** The words that a text's first pattern comes with. */
function formWords(schema: z.core.$ZodTypes): string | undefined {
    const { def } = schema._zod;
    if (def.type !== "string") return undefined;
    const check = (def.checks ?? []).find(({ _zod }) => _zod.def.error !== undefined);
    const error = check?._zod.def.error as ((issue: { readonly input: unknown }) => unknown) | undefined;
    const words = error?.({ input: undefined });
    return typeof words === "string" ? words : undefined;
}

/** The schema at a path of keys: the form of a union that goes that deep. Nothing where no key is known. */
export function schemaAt(path: readonly (string | number)[]): JsonSchema | undefined {
    let schema: JsonSchema | undefined = jsonSchema();
    for (const key of path) schema = formsOf(schema).flatMap((form) => below(form, key))[0];
    return schema;
}

/** The forms of a value: the branches of a union, else the one. */
export function formsOf(schema: JsonSchema | undefined): readonly JsonSchema[] {
    return schema === undefined ? [] : (schema.anyOf ?? [schema]);
}

/** The keys that are known in the map at a path. */
export function keysAt(path: readonly (string | number)[]): string[] {
    return formsOf(schemaAt(path)).flatMap((form) => [
        ...Object.keys(form.properties ?? {}),
        ...(form.propertyNames?.enum ?? []).map(String),
    ]);
}

function below(schema: JsonSchema, key: string | number): JsonSchema[] {
    if (typeof key === "number") return schema.items === undefined ? [] : [schema.items];
    const known = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined;
    const found = known ?? schema.additionalProperties;
    return found === undefined || found === false ? [] : [found];
}
