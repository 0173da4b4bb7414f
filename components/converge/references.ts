import { canonical } from "./canonical";

/** The nodes whose addresses these roles refer to, by `{{address:NODE}}`, each once, in order. */
export function addressReferences(roles: Readonly<Record<string, unknown>>): string[] {
    const found = [...canonical(roles).matchAll(/\{\{address:([^{}]+)\}\}/g)].map(([, node = ""]) => node);
    return [...new Set(found)].sort();
}
