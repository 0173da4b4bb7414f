import type { z } from "zod";
import { didYouMean, listOf, type Problem } from "./errors";
import { formsOf, keysAt, schemaAt, type JsonSchema } from "./json-schema";
import { looksSecret, show } from "./show";

type Issue = z.core.$ZodIssue;
type Path = (string | number)[];

/** What zod found about the value at a place, as a problem in words; `found` is what stands there. */
export function toProblem(issue: Issue, found: unknown): Problem {
    const path = plainPath(issue.path);
    const name = show(String(path.at(-1) ?? ""));
    if (issue.code === "unrecognized_keys") return { code: "SE002", path, ...unknownKey(path, name) };
    if (issue.code === "invalid_key") return { code: "SE003", path, ...wrongKey(issue, path, name) };
    if (path.length === 0) return { code: "SE003", path, ...noMap(found) };
    if (found === undefined) {
        const fix = `Write \`${String(path.at(-1))}:\` with ${belongs(schemaAt(path))}${about(path)}`;
        return { code: "SE004", path, message: `${name} is missing.`, fix };
    }
    if (found === null) {
        const fix = `Write ${belongs(schemaAt(path))} behind it, or delete the line${about(path)}`;
        return { code: "SE003", path, message: `There is nothing behind ${name}.`, fix };
    }
    return {
        code: "SE003",
        path,
        message: `${kind(found, issue)} does not fit here.`,
        fix: mended(issue, path, found),
    };
}

/** A path of zod's without symbols. */
export function plainPath(path: readonly PropertyKey[]): Path {
    return path.map((key) => (typeof key === "symbol" ? String(key) : key));
}

type Words = Pick<Problem, "message" | "fix">;

function unknownKey(path: Path, name: string): Words {
    const known = keysAt(path.slice(0, -1));
    const fix = didYouMean(String(path.at(-1)), known, `Known here: ${known.join(", ")}.`);
    return { message: `${name} is not a known key.`, fix };
}

function wrongKey({ issues }: Issue & { code: "invalid_key" }, path: Path, name: string): Words {
    const [first] = issues;
    const known = keysAt(path.slice(0, -1));
    const fix =
        first?.code === "invalid_value"
            ? didYouMean(String(path.at(-1)), known, `Known here: ${known.join(", ")}.`)
            : `Write ${first?.message ?? "another name"}.`;
    return { message: `${name} cannot be a key here.`, fix };
}

function noMap(found: unknown): Words {
    const fix =
        "Write keys with their values, at least `version: 1`, `fleet: NAME` and `nodes:`; `./fleet init NAME` writes them.";
    if (found === null || found === undefined) return { message: "The inventory is empty.", fix };
    const colon = typeof found === "string" && found.includes(":") ? " A space belongs after each colon." : "";
    return { message: `The inventory is ${Array.isArray(found) ? "a list" : show(found)}, not a map.${colon}`, fix };
}

/** The value, with its kind where that is what is wrong. */
function kind(found: unknown, issue: Issue): string {
    if (issue.code !== "invalid_type" || typeof found === "object") return capital(show(found));
    return `The ${typeof found === "string" ? "text" : typeof found === "number" ? "number" : "word"} ${show(found)}`;
}

function mended(issue: Issue, path: Path, found: unknown): string {
    const secret = typeof found === "string" && looksSecret(found);
    return `${form(issue, path, found)}${secret ? " Take it out of this file: `./fleet secret set NAME` keeps it encrypted." : ""}`;
}

function form(issue: Issue, path: Path, found: unknown): string {
    const schema = schemaAt(path);
    switch (issue.code) {
        case "custom":
        case "invalid_format":
            return `Write ${issue.message}.`;
        case "invalid_value": {
            const values = words(issue.values);
            const fix = `Write ${listOf(values)}${quoting(found, schema)}${about(path)}`;
            return issue.values.every((value) => typeof value === "string")
                ? didYouMean(String(found), values, fix)
                : fix;
        }
        case "too_small":
            if (issue.origin === "array") return `Write one entry at least${about(path)}`;
            return issue.origin === "string" ? `Write a text${about(path)}` : `Write ${belongs(schema)}${about(path)}`;
        default:
            return `Write ${belongs(schema)}${quoting(found, schema)}${about(path)}`;
    }
}

/** How quotes mend a value of the wrong kind. */
function quoting(found: unknown, schema: JsonSchema | undefined): string {
    const forms = formsOf(schema);
    if (typeof found === "string") {
        const number = forms.some(({ type }) => type === "integer" || type === "number");
        return number && found.trim() !== "" && Number.isFinite(Number(found)) ? ", without quotes" : "";
    }
    if (typeof found !== "number" && typeof found !== "boolean") return "";
    const fits = ({ type, pattern = "" }: JsonSchema): boolean =>
        type === "string" && new RegExp(pattern).test(String(found));
    return forms.some(fits) ? ", in quotes" : "";
}

/** What a schema takes, in words: `a whole number from 1 to 65535`. */
function belongs(schema: JsonSchema | undefined): string {
    return listOf([...new Set(formsOf(schema).map(formWords))]);
}

function formWords(schema: JsonSchema): string {
    if (schema.enum !== undefined) return listOf(words(schema.enum));
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    switch (schema.type) {
        case "string":
            return schema.patternErrorMessage?.replace(/^Write (.*)\.$/, "$1") ?? "a text";
        case "integer":
        case "number":
            return `a${schema.type === "integer" ? " whole" : ""} number${range(schema)}`;
        case "array":
            return `a list of such`;
        case "object":
            return mapWords(schema);
        case "null":
            return "nothing";
        default:
            return schema.type === "boolean" ? "true or false" : "a value";
    }
}

function mapWords({ properties, required }: JsonSchema): string {
    const keys = required === undefined || required.length === 0 ? Object.keys(properties ?? {}) : required;
    return keys.length === 0
        ? "a map of names"
        : `a map like { ${keys
              .slice(0, 3)
              .map((key) => `${key}: …`)
              .join(", ")} }`;
}

function range({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
    const low = minimum ?? exclusiveMinimum;
    // Zod writes the largest safe integer where nobody set a bound.
    const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
    if (low === undefined) return high === undefined ? "" : ` up to ${high}`;
    const from = minimum === undefined ? ` above ${low}` : high === undefined ? ` of at least ${low}` : ` from ${low}`;
    return high === undefined ? from : minimum === undefined ? `${from}, at most ${high}` : `${from} to ${high}`;
}

/** What the key is for, as a second sentence; the first part of it when it is long. */
function about(path: Path): string {
    const { description = "" } = schemaAt(path) ?? {};
    const [sentence = ""] = description.length < 140 ? [description] : description.split(/(?<=[^.]\.)(?: |$)/);
    const text = sentence.replace(/\.?$/, ".");
    return sentence === "" ? "." : `. \`${String(path.at(-1))}\`: ${text}`;
}

/** Values as they are written: texts without quotes, unless something else is among them. */
function words(values: readonly unknown[]): string[] {
    return values.map((value) =>
        values.every((one) => typeof one === "string") ? String(value) : JSON.stringify(value),
    );
}

function capital(text: string): string {
    return text.slice(0, 1).toUpperCase() + text.slice(1);
}
