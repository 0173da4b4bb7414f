import Ajv from "ajv";
import type { ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyDifferences } from "./reality";
import type { JsonObject } from "./views";

interface Reference {
    readonly $ref?: string;
}

interface Body {
    readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
    readonly parameters?: readonly Reference[];
    readonly requestBody?: Body & Reference;
    readonly responses: Readonly<Record<string, Body & Reference>>;
}

/** The official OpenAPI description: a part of it, see openapi/README.md. */
export interface Document {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation | readonly Reference[]>>>>;
}

const FILE = join(__dirname, "openapi", "digitalocean.json");
const JSON_TYPE = "application/json";
/** Parts of an answer's root that come and go; every other one that is described must be there. */
const OPTIONAL_ROOTS = ["links"];

/** Reads the description, with the known differences put in. */
export function readDescription(): Document {
    const document = JSON.parse(readFileSync(FILE, "utf8")) as Document & JsonObject;
    applyDifferences(document);
    return document;
}

function pointer(...parts: readonly string[]): string {
    return `api#/${parts.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
}

/** Names at the root of a body, through `allOf`. */
function rootsOf(schema: object): string[] {
    const { properties = {}, allOf = [] } = schema as { properties?: object; allOf?: readonly object[] };
    return [...Object.keys(properties), ...allOf.flatMap(rootsOf)];
}

/** Checks requests and answers against the description. */
export class Description {
    private readonly ajv: Ajv;
    private readonly compiled = new Map<string, ValidateFunction>();

    constructor(private readonly document = readDescription()) {
        // One pattern of the description is not valid with the flag u, and the keywords of OpenAPI are none of JSON Schema.
        this.ajv = new Ajv({ strict: false, unicodeRegExp: false, allErrors: true });
        addFormats(this.ajv);
        this.ajv.addSchema(document, "api");
    }

    /** Every operation that is described: `GET /v2/tags`. */
    operations(): string[] {
        return Object.entries(this.document.paths).flatMap(([path, methods]) =>
            Object.keys(methods)
                .filter((method) => /^(get|put|post|patch|delete)$/.test(method))
                .map((method) => `${method.toUpperCase()} ${path}`),
        );
    }

    private operation(name: string): Operation {
        const [method = "", path = ""] = name.split(" ");
        return this.document.paths[path]?.[method.toLowerCase()] as Operation;
    }

    private resolve<T extends object>(value: T & Reference): T {
        if (value.$ref === undefined) return value;
        let place: unknown = this.document;
        for (const part of value.$ref.slice(2).split("/")) place = (place as Record<string, unknown>)[part];
        return place as T;
    }

    private validator(reference: string, required: readonly string[]): ValidateFunction {
        const known = this.compiled.get(reference);
        if (known !== undefined) return known;
        const validate = this.ajv.compile({ allOf: [{ $ref: reference }, { type: "object", required }] });
        this.compiled.set(reference, validate);
        return validate;
    }

    private complaint(validate: ValidateFunction, value: unknown): string | undefined {
        if (validate(value)) return undefined;
        return this.ajv.errorsText(validate.errors?.slice(0, 3), { dataVar: "body" });
    }

    /** What is wrong with the names of a query; undefined when nothing is. */
    queryComplaint(operation: string, query: URLSearchParams): string | undefined {
        const known = (this.operation(operation).parameters ?? []).map(
            (parameter) => this.resolve<{ name?: string }>(parameter).name,
        );
        const unknown = [...query.keys()].filter((name) => !known.includes(name));
        return unknown.length === 0 ? undefined : `${operation} has no parameter ${unknown.join(", ")}`;
    }

    /** What is wrong with a request's body; undefined when nothing is, or when none is described. */
    requestComplaint(operation: string, body: unknown): string | undefined {
        const { requestBody } = this.operation(operation);
        if (requestBody?.content?.[JSON_TYPE] === undefined) return undefined;
        const [method = "", path = ""] = operation.split(" ");
        const reference = pointer("paths", path, method.toLowerCase(), "requestBody", "content", JSON_TYPE, "schema");
        return this.complaint(this.validator(reference, []), body);
    }

    /** What is wrong with an answer; undefined when nothing is. */
    answerComplaint(operation: string, status: number, body: unknown): string | undefined {
        const { responses } = this.operation(operation);
        const name = String(status) in responses ? String(status) : "default";
        if (name === "default" && status < 400) return `${operation} has no answer ${status}`;
        const response = this.resolve<Body>(responses[name] ?? {});
        const schema = response.content?.[JSON_TYPE]?.schema;
        if (schema === undefined)
            return body === undefined ? undefined : `${operation} answers ${status} without a body`;
        const [method = "", path = ""] = operation.split(" ");
        const own = responses[name]?.$ref?.slice(2).split("/") ?? [
            "paths",
            path,
            method.toLowerCase(),
            "responses",
            name,
        ];
        const roots = status < 400 ? rootsOf(schema).filter((root) => !OPTIONAL_ROOTS.includes(root)) : [];
        return this.complaint(this.validator(pointer(...own, "content", JSON_TYPE, "schema"), roots), body);
    }
}
