import { isMap, isScalar, type YAMLMap } from "yaml";
import { Refusal } from "./failure";
import { afterLast, endOf, nodesOf, startOf } from "./inventory-text";

/**
 * Writes a key of a node's entry into the inventory, in the place of the value that is there or as the last one. Every other
 * byte stays.
 * @param value as YAML writes it
 * @throws Refusal when the node's entry is not written as a map of its own
 */
export function writeInEntry(text: string, node: string, key: string, value: string | number): string {
    const entry = entryOf(text, node, `${key}: ${value}`);
    const written = entry.items.find((item) => isScalar(item.key) && item.key.value === key);
    if (written === undefined) return afterLast(text, entry, `${key}: ${value}`);
    return `${text.slice(0, startOf(written.value))}${value}${text.slice(endOf(written.value))}`;
}

function entryOf(text: string, node: string, line: string): YAMLMap {
    const nodes = nodesOf(text).value;
    const pair = isMap(nodes) ? nodes.items.find((item) => isScalar(item.key) && item.key.value === node) : undefined;
    if (isMap(pair?.value)) return pair.value;
    throw new Refusal(`The entry of ${node} cannot be changed here. Write \`${line}\` there by hand.`);
}
