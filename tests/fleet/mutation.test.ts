import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { InventoryError, formatProblems } from "../../components/fleet/errors";
import { loadInventory } from "../../components/fleet/load";
import { devText, homeText } from "../support/stack";

const stacks = ["blackroad", "openclaw", "sovgrid"];
const texts = [
    devText,
    homeText,
    ...stacks.map((name) => readFileSync(resolve(__dirname, `../../stacks/${name}.yaml`), "utf8")),
];
const seconds = 4;

/** Whether the loader keeps its promise: it accepts, or it throws an InventoryError with three lines for every problem. */
function keepsPromise(text: string): boolean {
    try {
        loadInventory("dev", "dev.yaml", text);
    } catch (error) {
        if (!(error instanceof InventoryError)) throw error;
        for (const { message, fix } of error.problems) {
            if (/undefined|\[object|\n/.test(message + fix)) throw new Error(`${message} | ${fix}`, { cause: error });
        }
        return formatProblems(error.problems).split("\n").length === error.problems.length * 3 + 1;
    }
    return true;
}

const odd = fc.oneof(
    fc.constantFrom(
        null,
        true,
        0,
        -1,
        1e300,
        "",
        " ",
        "{",
        "{1..}",
        "{a,b}",
        "{1..99999}",
        "*",
        "__proto__",
        "none",
        "box/box",
        "10.0.0.0/0",
    ),
    fc.string(),
    fc.double(),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
);

/** Every place of a plain value: the keys that lead there. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
    if (typeof value !== "object" || value === null) return [path];
    return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

/** A value with what stands at a place replaced, or left out, or put under another key. */
function changed(value: unknown, [head, ...rest]: readonly string[], by: unknown, how: string): unknown {
    if (head === undefined) return by;
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value as Record<string, unknown>).flatMap(([key, inner]): [string, unknown][] => {
        if (key !== head) return [[key, inner]];
        if (rest.length > 0 || how === "replace") return [[key, changed(inner, rest, by, how)]];
        return how === "drop" ? [] : [[typeof by === "string" ? by : "other", inner]];
    });
    return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

const limited = { numRuns: 100_000, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false };

test("any value of an inventory may be another one, gone, or under another key", () => {
    const plain = texts.map((text) => parse(text) as unknown);
    const mutation = fc
        .constantFrom(...plain)
        .chain((value) =>
            fc.tuple(
                fc.constant(value),
                fc.array(
                    fc.tuple(fc.constantFrom(...places(value)), odd, fc.constantFrom("replace", "drop", "rename")),
                    {
                        minLength: 1,
                        maxLength: 3,
                    },
                ),
            ),
        )
        .map(([value, changes]) =>
            changes.reduce<unknown>((tree, [place, by, how]) => changed(tree, place, by, how), value),
        );
    fc.assert(
        fc.property(mutation, (value) => keepsPromise(stringify(value ?? null))),
        limited,
    );
}, 20_000);

test("any part of the text may be cut out or have anything put in", () => {
    const glyphs = fc.constantFrom(
        ...Array.from("{}[]:,#&*!|>%@`'\"\n\t -?"),
        "\n  ",
        "---\n",
        "\uFEFF",
        "\0",
        "é",
        "<<: ",
    );
    const edit = fc
        .tuple(
            fc.constantFrom(...texts),
            fc.nat(6000),
            fc.nat(40),
            fc.array(fc.oneof(glyphs, fc.string()), { maxLength: 4 }),
        )
        .map(
            ([text, at, length, put]) =>
                text.slice(0, at % text.length) + put.join("") + text.slice((at % text.length) + length),
        );
    fc.assert(fc.property(edit, keepsPromise), limited);
}, 20_000);
