import { z } from "zod";
import { names, readDroplets, type RecordedDroplets } from "../../components/droplet/recorded";
import { isDroplet, tokenSecret } from "../../components/droplet/plan";
import { ownKey, readKnownHosts } from "../../components/fleet/known-hosts";
import type { FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import type { Context } from "./context";
import { wordsOf } from "./failure";
import { readIfThere, writeWhole } from "./files";
import { pulumi, stateFile, stateText } from "./pulumi";

/**
 * Writes the host keys of rented machines, which the state has, to where ssh reads pins; whatever else stands there stays.
 * @returns the stack with those pins
 */
export function pinRented(stack: Stack, rented: RecordedDroplets = stack.rented): Stack {
    const file = stack.files.knownHosts;
    const before = readIfThere(file) ?? "";
    const after = Object.entries(rented).reduce(
        (text, [node, { hostKey, incarnation }]) =>
            // A key that this machine has made itself stays.
            hostKey === undefined || ownKey(readKnownHosts(text), node, incarnation) !== undefined
                ? text
                : withPin(text, node, hostKey),
        before,
    );
    if (after !== before) writeWhole(file, after);
    return { ...stack, rented, hostKeys: readKnownHosts(after) };
}

/** A known_hosts file with a node's pin as its own line; others keep their place. */
export function withPin(text: string, node: string, key: string): string {
    const lines = text.split("\n").filter((line) => line !== "");
    const place = lines.findIndex((line) => line.startsWith(`${node} `));
    const line = `${node} ${key}`;
    if (place >= 0) return `${lines.with(place, line).join("\n")}\n`;
    return `${[...lines, line].join("\n")}\n`;
}

/** What the state knows of droplets, read anew after a run. @throws Failure when the state cannot be read */
export async function rentedNow(root: string, stack: string): Promise<RecordedDroplets> {
    return readDroplets(await stateText(root, stack));
}

/** The stack with what another backend than the clone's files knows of droplets; what those know was read with it. */
export async function withState({ root }: Context, stack: Stack): Promise<Stack> {
    const rents = Object.values(stack.inventory.nodes).some(isDroplet);
    if (!rents || stateFile(root, stack.name) !== undefined) return stack;
    return pinRented(stack, await rentedNow(root, stack.name));
}

const answer = z.object({
    links: z.looseObject({ pages: z.looseObject({ next: z.string().optional() }).optional() }).optional(),
    droplets: z.array(
        z.object({
            id: z.number(),
            name: z.string(),
            networks: z.object({ v4: z.array(z.object({ ip_address: z.string(), type: z.string() })) }),
        }),
    ),
});

/** Milliseconds that DigitalOcean may take to say what there is. */
const patience = 15_000;

/**
 * Droplets that carry the fleet's tag and are not in the state: an answer of the API was lost, or a run was cut off. One
 * sentence each, with what to do; a sentence why when nobody can tell. Nothing for a fleet that rents nothing.
 * @param rented what the state knows, when it was read just now
 */
export async function strangers(
    context: Context,
    stack: Stack,
    plan: FleetPlan,
    rented?: RecordedDroplets,
): Promise<string[]> {
    try {
        return (await unknownDroplets(context, stack, plan, rented)).map(strangerWords);
    } catch (error) {
        return [
            `Whether DigitalOcean has droplets of this fleet that the state does not know could not be asked: ${wordsOf(error)}.`,
        ];
    }
}

/**
 * Droplets that would be made now and may be there, each with why: one of that name and of the fleet's tag is, and the state does
 * not know it; or it was tried before and DigitalOcean does not say. A second one would be paid for too. Nobody is asked when the
 * state knows all that are planned.
 */
export async function heldBack(context: Context, stack: Stack, plan: FleetPlan): Promise<ReadonlyMap<string, string>> {
    const planned = Object.values(plan.cloud?.droplets ?? {});
    if (planned.length === 0) return new Map();
    const known = await rentedNow(context.root, stack.name);
    const due = planned
        .filter(({ name, incarnation }) => known[name]?.id === undefined || known[name].incarnation !== incarnation)
        .map(({ name }) => name);
    if (due.length === 0) return new Map();
    try {
        const there = await unknownDroplets(context, stack, plan, known);
        const why = "no second one is made while there is one of that name that the state does not know";
        return new Map(due.filter((name) => there.some((one) => one.name === name)).map((name) => [name, why]));
    } catch (error) {
        const why = `no second one is made while nobody can tell whether there is one: ${wordsOf(error)}`;
        // What was tried before has left its host key in the state.
        return new Map(due.filter((name) => known[name]?.hostKey !== undefined).map((name) => [name, why]));
    }
}

/**
 * What the engine leaves out so that it makes no second droplet; what stands on the machine is left out with it. Its host key
 * too: the one that is there has the key that it was made with.
 */
export function withoutDroplet(node: string): string[] {
    const left = [names.droplet(node), names.hostKey(node)];
    return [...left.flatMap((name) => ["--exclude", `**::${name}`]), "--exclude-dependents"];
}

/** After a run: pins what was made, protects it, and gives what there is to say of droplets that the state does not know. */
export async function settleRented(context: Context, stack: Stack, plan: FleetPlan): Promise<string[]> {
    const rented = await rentedNow(context.root, stack.name);
    pinRented(stack, rented);
    const loose = looseUrns(stack, rented);
    if (loose.length > 0) await pulumi(context.root, stack.name, ["state", "protect", ...loose, "--yes"]);
    return strangers(context, stack, plan, rented);
}

/**
 * What stands unprotected and should not: the program lifts the protection of a machine for the run that replaces it, and the
 * engine looks again only when something else changes.
 */
export function looseUrns({ inventory }: Pick<Stack, "inventory">, rented: RecordedDroplets): string[] {
    return Object.entries(rented).flatMap(([node, { incarnation, loose }]) => {
        const wanted = inventory.nodes[node];
        const stays = wanted?.droplet !== undefined && wanted.leaving === undefined;
        return stays && wanted.incarnation === incarnation ? (loose ?? []) : [];
    });
}

async function unknownDroplets(
    context: Context,
    stack: Stack,
    { cloud }: FleetPlan,
    rented?: RecordedDroplets,
): Promise<Tagged[]> {
    if (cloud === undefined) return [];
    const key = `sovereign-edge:secrets["${tokenSecret}"]`;
    const { stdout } = await pulumi(context.root, stack.name, ["config", "get", "--path", key]);
    const recorded = Object.values(rented ?? (await rentedNow(context.root, stack.name)));
    const known = new Set(recorded.flatMap(({ id, condemned = [] }) => [id, ...condemned]));
    return (await tagged(cloud.tag, stdout.trim())).filter(({ id }) => !known.has(String(id)));
}

type Tagged = z.infer<typeof answer>["droplets"][number];

async function tagged(tag: string, token: string): Promise<Tagged[]> {
    const found: Tagged[] = [];
    for (let page = 1; ; page++) {
        const url = `https://api.digitalocean.com/v2/droplets?tag_name=${tag}&per_page=200&page=${page}`;
        const response = await fetch(url, {
            headers: { Authorization: `Bearer ${token}` },
            signal: AbortSignal.timeout(patience),
        });
        if (!response.ok) throw new Error(`GET /v2/droplets answered ${response.status}`);
        const { droplets, links } = answer.parse(await response.json());
        found.push(...droplets);
        if (links?.pages?.next === undefined) return found;
    }
}

function strangerWords({ id, name, networks }: Tagged): string {
    const address = networks.v4.find(({ type }) => type === "public")?.ip_address ?? "without an address";
    return [
        `A droplet of this fleet's tag that the state does not know: ${id}, ${name}, ${address}. An answer of the API was lost, or a run was`,
        `cut off, and it is paid for. Delete it at https://cloud.digitalocean.com/droplets/${id}, and the next \`./fleet up\` makes another.`,
        `Not so when the state itself was lost: put .state back from where you keep it, and the droplet is known again.`,
    ].join("\n");
}
