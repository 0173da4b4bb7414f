import { resolve } from "node:path";
import { readStack, type Stack } from "../../components/fleet/stack";
import type { Arguments } from "./arguments";
import { makeOutput, type Output } from "./output";
import { pinRented, withState } from "./rented";
import { chooseStack, filesOf, headline, inventoryPath, nodeNames } from "./stacks";

/** What every verb is given. */
export interface Context {
    /** The clone, absolute. */
    readonly root: string;
    readonly args: Arguments;
    readonly out: Output;
}

/** The clone this file stands in. */
export const cloneRoot = resolve(__dirname, "../..");

/** The context of a run of `./fleet`. */
export function makeContext(args: Arguments, root = cloneRoot): Context {
    return { root, args, out: makeOutput(args.json) };
}

/** Chooses the stack (-s, FLEET_STACK, or the only one) and writes the first line, which names it and its nodes. */
export function openStack({ root, args, out }: Context): string {
    const named = args.stack ?? (process.env["FLEET_STACK"] === "" ? undefined : process.env["FLEET_STACK"]);
    const name = chooseStack(root, named);
    out.say(headline(name, nodeNames(filesOf(root, name))));
    return name;
}

/**
 * The chosen stack, read and checked, after the first line; what is rented is known where the state is in the clone.
 * @throws InventoryError with every problem at once
 */
export function loadStack(context: Context): Stack {
    const name = openStack(context);
    return pinRented(readStack(context.root, name, inventoryPath(context.root, name), day(new Date())));
}

/** The same with what the state knows, wherever it is kept: for all verbs that deal with machines. */
export async function loadWithState(context: Context): Promise<Stack> {
    return withState(context, loadStack(context));
}

function day(time: Date): string {
    return time.toISOString().slice(0, 10);
}

/** The same context with all words on standard error: for verbs whose standard output is the node's. */
export function aside(context: Context): Context {
    return { ...context, out: makeOutput(true) };
}

/** For a verb that runs inside another one: its arguments are none of the other's, and its result is not the other's. */
export function quietly(context: Context, positionals: readonly string[] = []): Context {
    return { ...context, out: { ...context.out, result: () => undefined }, args: { ...context.args, positionals } };
}

/** A flag that takes a value; nothing when it was not given. */
export function textFlag({ args }: Context, name: string): string | undefined {
    const value = args.flags[name];
    return typeof value === "string" ? value : undefined;
}
