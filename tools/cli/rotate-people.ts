import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { requireComplete } from "../../components/fleet/complete";
import { nearest } from "../../components/fleet/errors";
import { fingerprint } from "../../components/fleet/known-hosts";
import { loadInventory } from "../../components/fleet/load";
import type { Lock } from "../../components/fleet/lock";
import { planFleet } from "../../components/fleet/plan";
import { filesBeside, type Stack } from "../../components/fleet/stack";
import { loadWithState, quietly, textFlag, type Context } from "./context";
import { withDoors, type Doored } from "./doors";
import { requireFreeStack } from "./engine-lock";
import { exitCodes, Refusal, type ExitCode } from "./failure";
import { updateLock, writeWhole } from "./files";
import { bareKey, changeLogin, letsIn, wasSeen } from "./login-keys";
import { loginOf } from "./nodes";
import { writeKeys } from "./people-text";
import { requireAgent } from "./ssh";
import { run as runUp } from "./verbs/up";

/** A person's key that is replaced, and the one that comes: lines of authorized_keys. */
interface Exchange {
    readonly person: string;
    readonly old: string;
    readonly next: string;
}

/**
 * `./fleet rotate people PERSON --key FILE`: another public key of a person. Both let in until the new one was seen to;
 * where the program itself logs in with the old one, on every node.
 */
export async function rotatePeople(context: Context, names: readonly string[]): Promise<ExitCode> {
    const { root, out } = context;
    const read = await loadWithState(context);
    requireComplete(read);
    requireFreeStack(root, read.name);
    await requireAgent();
    const exchange = wanted(context, read, names);
    begin(read, exchange);
    const both = await runUp(quietly(context));
    if (both !== exitCodes.done) return stop(context, exchange, "not every node has the new key yet");
    const stack = await loadWithState(quietly(context));
    const nodes = Object.values((await withDoors(planFleet(stack))).nodes).filter(({ leaving }) => !leaving);
    const missing = await unproven(context, stack, nodes, exchange);
    if (missing !== undefined) return stop(context, exchange, missing);
    const code = await end(context, stack, nodes, exchange);
    if (code === exitCodes.done) out.say(`  ${exchange.person} logs in with ${fingerprint(exchange.next)} alone.`);
    out.result({ stack: stack.name, ok: code === exitCodes.done, person: exchange.person, rotated: true });
    return code;
}

/** What is to be exchanged: what the command line says, or what is under way. @throws Refusal */
function wanted(context: Context, { inventory, lock }: Stack, [person, ...more]: readonly string[]): Exchange {
    if (person === undefined || more.length > 0)
        throw new Refusal("Whose key? ./fleet rotate people PERSON --key FILE");
    const keys = inventory.people[person];
    if (keys === undefined) {
        const near = nearest(person, Object.keys(inventory.people));
        throw new Refusal(
            `There is no ${person} under people:.${near === undefined ? "" : ` Did you mean "${near}"?`}`,
        );
    }
    const file = textFlag(context, "key");
    const given = file === undefined ? undefined : readKey(file);
    const under = lock.people?.[person];
    if (under !== undefined) return goesOn(person, keys, under, given);
    if (given === undefined) throw new Refusal(`Which key is ${person} to have? --key FILE with its public half.`);
    if (keys.some((key) => same(key, given))) throw new Refusal(`That key is one of ${person}'s already.`);
    return { person, old: chosen(context, person, keys), next: given };
}

function goesOn(
    person: string,
    keys: readonly string[],
    under: { readonly old: string; readonly new: string },
    given: string | undefined,
): Exchange {
    const [old, next] = [under.old, under.new].map((print) => keys.find((key) => fingerprint(key) === print));
    if (given !== undefined && fingerprint(given) !== under.new)
        throw new Refusal(`${person}'s key is being exchanged for ${under.new} already; end that first.`);
    const after = next ?? given;
    if (old !== undefined && after !== undefined) return { person, old, next: after };
    throw new Refusal(
        `The lock says that ${person}'s key ${under.old} is being exchanged for ${under.new}, and the inventory does not have both. Write them there, or take the entry under people: out of the lock.`,
    );
}

function chosen(context: Context, person: string, keys: readonly string[]): string {
    const said = textFlag(context, "old");
    const found = said === undefined ? keys : keys.filter((key) => fingerprint(key) === said);
    const [key, ...others] = found;
    if (key !== undefined && others.length === 0) return key;
    throw new Refusal(`Which of ${person}'s keys goes? --old with one of ${keys.map(fingerprint).join(", ")}`);
}

function readKey(file: string): string {
    if (!existsSync(file)) throw new Refusal(`There is no file ${file}.`);
    const text = readFileSync(file, "utf8");
    if (text.includes("PRIVATE KEY"))
        throw new Refusal(`${file} is a private key, which stays where it is. Give its public half: ${file}.pub`);
    const [line = ""] = text.split("\n").filter((each) => each.trim() !== "");
    return line.trim();
}

function same(one: string, other: string): boolean {
    return bareKey(one)[1] === bareKey(other)[1];
}

/** Both keys in the inventory, and in the lock which is which. @throws InventoryError for a key that sshd does not take */
function begin(stack: Stack, { person, old, next }: Exchange): void {
    const keys = stack.inventory.people[person] ?? [];
    if (keys.includes(next)) return;
    const at = keys.indexOf(old) + 1;
    const text = edited(stack, person, keys.toSpliced(at, 0, next));
    const entry = { old: fingerprint(old), new: fingerprint(next) };
    // The lock first: an entry whose key is not in the inventory yet is taken up with the same --key.
    updateLock(stack.files.lock, (lock) => ({ ...lock, people: { ...lock.people, [person]: entry } }));
    writeWhole(stack.files.inventory, text);
}

function edited({ name, files }: Stack, person: string, keys: readonly string[]): string {
    const text = writeKeys(readFileSync(files.inventory, "utf8"), person, keys);
    loadInventory(name, relative(process.cwd(), files.inventory), text, { read: filesBeside(files.inventory) });
    return text;
}

/** Why the old key has to stay; nothing when it can go. The new one is in the place of the old one everywhere by then. */
async function unproven(
    context: Context,
    stack: Stack,
    nodes: readonly Doored[],
    exchange: Exchange,
): Promise<string | undefined> {
    const { person, next } = exchange;
    const print = fingerprint(next);
    const now = context.args.flags["now"] === true;
    let seen = now;
    for (const node of nodes) {
        if (node.offline !== undefined && now) {
            context.out.warn(
                `  ${node.name} is offline: the old key lets in there until it is back and \`./fleet up\` was run.`,
            );
            continue;
        }
        if (node.offline !== undefined)
            return `${node.name} is offline and knows the old one alone. Bring it back, or give --now`;
        const login = loginOf(stack, node);
        const held = await changeLogin(login, "add", exchange);
        // Here the agent has to have it: without it the next run would stand outside.
        if ((held || node.user === person) && !(await letsIn(login, next)))
            return `the program logs in to ${node.name} as ${node.user} with the old one, and the agent has none that is ${print} (ssh-add)`;
        seen ||= (await letsIn({ ...login, user: person }, next)) || (await wasSeen(login, person, print));
    }
    return seen ? undefined : `nobody was seen to log in as ${person} with ${print}. Have that done on any node`;
}

/** The old key goes: from the inventory and so from every node, then from where the program logs in. */
async function end(context: Context, stack: Stack, nodes: readonly Doored[], exchange: Exchange): Promise<ExitCode> {
    const { person, old } = exchange;
    for (const node of nodes) if (node.offline === undefined) await changeLogin(loginOf(stack, node), "drop", exchange);
    const keys = (stack.inventory.people[person] ?? []).filter((key) => !same(key, old));
    writeWhole(stack.files.inventory, edited(stack, person, keys));
    updateLock(stack.files.lock, (lock) => ended(lock, person));
    const code = await runUp(quietly(context));
    if (code !== exitCodes.done)
        context.out.warn(`What failed still lets ${person} in with the old key, until \`./fleet up\`.`);
    return code;
}

function ended(lock: Lock, person: string): Lock {
    const { people = {}, ...rest } = lock;
    const left = Object.fromEntries(Object.entries(people).filter(([name]) => name !== person));
    return Object.keys(left).length === 0 ? rest : { ...rest, people: left };
}

function stop({ out }: Context, { person, old }: Exchange, cause: string): ExitCode {
    out.warn(
        `Both keys of ${person} let in: ${cause}. Then run \`./fleet rotate people ${person}\` again, which takes ${fingerprint(old)} away.`,
    );
    return exitCodes.failed;
}
