import type { Problem } from "./errors";

/** What every object of the program's own language has (ECMA-262 20.1.3): looked up by such a name, each table would have an entry. */
const reserved = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Names, as keys or as parts of a value without spaces, by which a lookup would find what nobody wrote. */
export function reservedNames(value: unknown, path: readonly (string | number)[] = []): Problem[] {
    if (typeof value === "string") return namesOf(value).map((name) => problem(name, path));
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
        const own = [...path, Array.isArray(value) ? Number(key) : key];
        return [...namesOf(key).map((name) => problem(name, own)), ...reservedNames(inner, own)];
    });
}

/** Words of a sentence are no names; those of a placement or of a brace pattern are. */
function namesOf(text: string): string[] {
    return /\s/.test(text) ? [] : text.split(/[^\w]+/).filter((word) => reserved.has(word));
}

function problem(name: string, path: readonly (string | number)[]): Problem {
    return {
        code: "SE019",
        path,
        message: `"${name}" is a word of the program's own language.`,
        fix: "Take another name.",
    };
}
