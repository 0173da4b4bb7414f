import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { Refusal } from "./failure";
import { endOf, startOf } from "./inventory-text";

/**
 * Writes a person's public keys into the inventory, in the place of those that are there. Every other byte stays.
 * @throws Refusal when they are not written as one key or a list of keys
 */
export function writeKeys(text: string, person: string, keys: readonly string[]): string {
    const { contents } = parseDocument(text);
    const people = isMap(contents) ? contents.get("people", true) : undefined;
    const pair = isMap(people) ? people.items.find(({ key }) => isScalar(key) && key.value === person) : undefined;
    if (!isScalar(pair?.value) && !isSeq(pair?.value))
        throw new Refusal(`The keys of ${person} cannot be changed here. Write them under \`people:\` by hand.`);
    const [start, end] = [startOf(pair.value), endOf(pair.value)];
    const written = keys.map(quoted);
    const value = written.length === 1 ? (written[0] ?? "") : `[${written.join(", ")}]`;
    return `${text.slice(0, start)}${value}${text.slice(start, end).endsWith("\n") ? "\n" : ""}${text.slice(end)}`;
}

/** A key as YAML takes it, in a list too. */
function quoted(key: string): string {
    return /^[A-Za-z0-9][A-Za-z0-9 @.+/=_-]*$/.test(key) ? key : JSON.stringify(key);
}
