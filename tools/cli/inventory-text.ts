import { isMap, isPair, isScalar, parseDocument, type Pair, type YAMLMap } from "yaml";
import { Refusal } from "./failure";

/** Stands for the first node in an inventory that `./fleet init` wrote; no legal name, so that it cannot be one. */
export const placeholder = "NODE";

/** What `./fleet add` writes about a node, in this order; keys without a value are left out. */
export interface NodeLine {
    readonly hardware: string;
    readonly os?: string;
    readonly location?: string;
    readonly address: string;
    readonly via?: string;
    readonly user?: string;
    readonly port?: number;
}

/** First line of an inventory: tells editors with the YAML language server what can be written. */
const modeline = "# yaml-language-server: $schema=fleet.schema.json";

/** The smallest inventory: one model on the first node that is added. */
export function newInventory(fleet: string, model: string): string {
    return `${modeline}
# The fleet ${fleet}. \`./fleet check\` says what it means and what is wrong with it.
version: 1
fleet: ${fleet}                # equals the stack's name
nodes: {}                  # machines you own, one line each: ./fleet add NODE ADDRESS
models:                    # answer on the LAN at https://ai.${fleet}.internal
  engines: { llama.cpp: ${placeholder} }   # the first node you add takes the place of ${placeholder}
  serve: { ${JSON.stringify(model).slice(1, -1)}: ${placeholder} }
`.replaceAll(/ +(#.*)$/gm, (_, comment: string) => `   ${comment}`);
}

/** A node's entry as it is written: `{ hardware: amd64-16gb, address: 192.168.1.20 }`. */
export function flowEntry(node: NodeLine): string {
    const pairs = [
        ["hardware", node.hardware],
        ["os", node.os],
        ["location", node.location],
        ["address", node.address],
        ["via", node.via],
        ["user", node.user],
        ["port", node.port],
    ].flatMap(([key, value]) => (value === undefined ? [] : [`${String(key)}: ${String(value)}`]));
    return `{ ${pairs.join(", ")} }`;
}

/**
 * Inserts a node after the last one. Every other byte stays: comments, columns, blank lines. The first node also takes the
 * places that `init` left open.
 * @throws Refusal when there is no `nodes:` to insert into
 */
export function insertNode(text: string, name: string, node: NodeLine): string {
    const nodes = nodesOf(text);
    const entry = `${name}: ${flowEntry(node)}`;
    const inserted =
        isMap(nodes.value) && nodes.value.items.length > 0
            ? afterLast(text, nodes.value, entry)
            : asFirst(text, nodes, entry);
    return fillPlaceholders(inserted, name);
}

/** The entry `nodes:` of an inventory. @throws Refusal when there is none */
export function nodesOf(text: string): Pair {
    const { contents } = parseDocument(text);
    const pair = isMap(contents) ? contents.items.find(({ key }) => isScalar(key) && key.value === "nodes") : undefined;
    if (pair === undefined)
        throw new Refusal("The inventory has no `nodes:` to insert the node into. Write `nodes: {}`.");
    return pair;
}

/** Inserts an entry behind the last one of a map that has some, written as they are: in the flow or on a line of its own. */
export function afterLast(text: string, nodes: YAMLMap, entry: string): string {
    const last = nodes.items.at(-1);
    const end = endOf(isPair(last) ? (last.value ?? last.key) : last);
    if (nodes.flow === true) return `${text.slice(0, end)}, ${entry}${text.slice(end)}`;
    const first = nodes.items[0];
    const indent = columnOf(text, startOf(first?.key));
    const lineEnd = text.indexOf("\n", end);
    const at = text[end - 1] === "\n" ? end - 1 : lineEnd < 0 ? text.length : lineEnd;
    return `${text.slice(0, at)}\n${" ".repeat(indent)}${entry}${text.slice(at)}`;
}

/** Replaces `{}` (or nothing) by a block with one line; a comment on the line of `nodes:` stays there. */
function asFirst(text: string, nodes: Pair, entry: string): string {
    const keyEnd = endOf(nodes.key);
    const colon = text.indexOf(":", keyEnd) + 1;
    const valueEnd = isMap(nodes.value) ? endOf(nodes.value) : colon;
    const lineEnd = text.indexOf("\n", valueEnd);
    const at = lineEnd < 0 ? text.length : lineEnd;
    return `${text.slice(0, colon)}${text.slice(valueEnd, at)}\n  ${entry}${text.slice(at)}`;
}

function fillPlaceholders(text: string, name: string): string {
    const document = parseDocument(text);
    const models = document.get("models");
    if (!isMap(models)) return text;
    const places = ["engines", "serve"].flatMap((key) => {
        const map = models.get(key);
        return isMap(map) ? map.items.map(({ value }) => value) : [];
    });
    const open = places.filter((value) => isScalar(value) && value.value === placeholder);
    const filled = open
        .map((value) => [startOf(value), endOf(value)] as const)
        .sort(([a], [b]) => b - a)
        .reduce((result, [start, end]) => `${result.slice(0, start)}${name}${result.slice(end)}`, text);
    return open.length === 0 ? text : filled.replace(/ +# the first node you add takes the place of NODE$/m, "");
}

/** Where a node of the document starts, as an offset into the text. */
export function startOf(node: unknown): number {
    return rangeOf(node)[0];
}

/** Where it ends. */
export function endOf(node: unknown): number {
    return rangeOf(node)[1];
}

function rangeOf(node: unknown): readonly [number, number] {
    const { range } = (node ?? {}) as { range?: readonly [number, number, number] | null };
    if (range === undefined || range === null)
        throw new Refusal("The inventory cannot be changed here; write the node's line by hand.");
    return [range[0], range[1]];
}

function columnOf(text: string, offset: number): number {
    return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}
