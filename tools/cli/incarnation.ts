import { isMap, isScalar, type YAMLMap } from "yaml";
import { Refusal } from "./failure";
import { afterLast, endOf, nodesOf, startOf } from "./inventory-text";

/**
 * Writes a node's incarnation into the inventory, in the place of the number that is there or as its last key. Every other
 * byte stays.
 * @throws Refusal when the node's entry is not written as a map of its own
 */
export function writeIncarnation(text: string, node: string, incarnation: number): string {
    const entry = entryOf(text, node);
    const written = entry.items.find(({ key }) => isScalar(key) && key.value === "incarnation");
    if (written === undefined) return afterLast(text, entry, `incarnation: ${incarnation}`);
    return `${text.slice(0, startOf(written.value))}${incarnation}${text.slice(endOf(written.value))}`;
}

function entryOf(text: string, node: string): YAMLMap {
    const nodes = nodesOf(text).value;
    const pair = isMap(nodes) ? nodes.items.find(({ key }) => isScalar(key) && key.value === node) : undefined;
    if (isMap(pair?.value)) return pair.value;
    throw new Refusal(`The entry of ${node} cannot be changed here. Write its \`incarnation:\`, one higher, by hand.`);
}
