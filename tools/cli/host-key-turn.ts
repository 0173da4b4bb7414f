import { isDroplet } from "../../components/droplet/plan";
import { fingerprint, ownMark } from "../../components/fleet/known-hosts";
import type { Stack } from "../../components/fleet/stack";
import { pinAlone, pinNext, withoutNext } from "./card-pins";
import type { Context } from "./context";
import { Failure } from "./failure";
import { changePins, lastStep, printedKey, stepAsRoot, waitForKey, whoShows, type Shows } from "./host-key-steps";
import { dropNext, hostKeyWindow, keepNext, makeNext, switchConfirmed } from "./settle-script";

/** Milliseconds for sshd to show its new key, and for a node to have gone back to its old one. */
const [newKeyWithin, backWithin] = [20_000, (hostKeyWindow + 30) * 1000];

/** How a node's turn ended: with its new key, or with why it has the one it had. */
export type KeyTurn = { readonly key: string } | { readonly cause: string };

/**
 * Gives a node a new host key, make before break: the node makes it, it is pinned beside the old one, the node shows it with
 * its return armed, and a connection that accepts the new key only keeps it. Else the old one is back and alone again.
 * @throws Failure when the node shows neither afterwards: both stay pinned, and the next run goes on
 */
export async function turnHostKey(stack: Stack, name: string): Promise<KeyTurn> {
    const old = pinOf(stack, name);
    const shows = await whoShows(stack, name, [old]);
    if (shows === undefined) return { cause: "it does not show the key that is pinned" };
    try {
        const next = printedKey(name, await stepAsRoot(shows, makeNext, "no new key could be made"));
        changePins(stack, (text) => pinNext(text, name, next));
        await lastStep(shows, switchConfirmed, "it could not be switched");
        const now = await waitForKey(stack, name, next, newKeyWithin);
        if (now === undefined) return await goBack(stack, name, old, "it does not show the new key");
        await keep(stack, now, name);
        return { key: next };
    } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return goBack(stack, name, old, error.message.replace(`${name}: `, ""));
    }
}

/** Ends a turn that was cut off: the key that the node shows is the one that stays. */
export async function endTurn({ out }: Context, stack: Stack, name: string, next: string): Promise<void> {
    const old = pinOf(stack, name);
    const shows = await whoShows(stack, name, [next, old]);
    if (shows === undefined) return;
    if (shows.key === next) {
        await keep(stack, shows, name);
        out.say(`  ${name} has the new host key ${fingerprint(next)}: its turn was cut off, and is ended.`);
    } else {
        shows.close();
        changePins(stack, (text) => withoutNext(text, name));
        out.say(`  ${name} has kept its host key: its turn was cut off.`);
    }
}

async function keep(stack: Stack, shows: Shows, name: string): Promise<void> {
    await lastStep(shows, keepNext, "the new key could not be kept");
    const node = stack.inventory.nodes[name];
    // What the state says of a droplet is the key that it was made with.
    const mark = node !== undefined && isDroplet(node) ? ownMark(node.incarnation) : "";
    changePins(stack, (text) => pinAlone(text, name, `${shows.key}${mark}`));
}

/** Waits for the node to be as it was. */
async function goBack(stack: Stack, name: string, old: string, cause: string): Promise<KeyTurn> {
    const back = await waitForKey(stack, name, old, backWithin);
    if (back === undefined)
        throw new Failure(
            `${name}: ${cause}, and it does not show its old key again. Both are pinned: when it answers, \`./fleet up\` ends its turn.`,
        );
    await lastStep(back, dropNext, "the key that was not taken could not be removed");
    changePins(stack, (text) => withoutNext(text, name));
    return { cause };
}

function pinOf(stack: Stack, name: string): string {
    return stack.hostKeys.find(({ node }) => node === name)?.key ?? "";
}
