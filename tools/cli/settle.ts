import { fingerprint, readKnownHosts } from "../../components/fleet/known-hosts";
import type { Stack } from "../../components/fleet/stack";
import { pinAlone, pinNext, readTurns, type Turn } from "./card-pins";
import type { Context } from "./context";
import { Failure } from "./failure";
import { readIfThere } from "./files";
import { endTurn } from "./host-key-turn";
import { changePins, lastStep, printedKey, stepAsRoot, waitForKey, whoShows, type Shows } from "./host-key-steps";
import { makeNext, scrub, switchOver } from "./settle-script";

/** Milliseconds for sshd to show its new key. */
const newKeyWithin = 20_000;
const failed = "the host key of its card could not be replaced (run `./fleet up` again)";

/**
 * Ends the first boot of every node whose host key is on a card as well: the machine makes a key of its own, which is
 * pinned before it is shown; a fresh connection accepts that one only, and removes what the card held. Whatever the run or
 * the power breaks off, one of the two pinned keys is the machine's, and the next run goes on. So it does with a rotation of
 * host keys that was cut off.
 * @returns the stack with the pins as they are now
 * @throws Failure when a step fails on a node that answered
 */
export async function settleCards(context: Context, stack: Stack): Promise<Stack> {
    const file = stack.files.knownHosts;
    const turns = Object.entries(readTurns(readIfThere(file) ?? ""));
    if (turns.length === 0) return stack;
    for (const [name, turn] of turns) {
        const node = stack.inventory.nodes[name];
        if (node === undefined || node.offline !== undefined) continue;
        if (turn.card !== undefined) await settle(context, stack, name, turn);
        else if (turn.next !== undefined) await endTurn(context, stack, name, turn.next);
    }
    return { ...stack, hostKeys: readKnownHosts(readIfThere(file) ?? "") };
}

async function settle({ out }: Context, stack: Stack, name: string, turn: Turn): Promise<void> {
    const keys = [turn.card, turn.next].filter((key) => key !== undefined);
    const shows = await whoShows(stack, name, keys);
    if (shows === undefined) return;
    const now = shows.key === turn.next ? shows : await turnKey(stack, name, shows);
    await lastStep(now, scrub, failed);
    changePins(stack, (text) => pinAlone(text, name, now.key));
    out.say(`  ${name} has made a host key of its own, ${fingerprint(now.key)}; what its card held is removed.`);
}

/** Has the machine make its key, pins that, and has it shown. */
async function turnKey(stack: Stack, name: string, card: Shows): Promise<Shows> {
    const next = printedKey(name, await stepAsRoot(card, makeNext, failed));
    changePins(stack, (text) => pinNext(text, name, next));
    await lastStep(card, switchOver, failed);
    const shows = await waitForKey(stack, name, next, newKeyWithin);
    if (shows !== undefined) return shows;
    throw new Failure(`${name} still does not show the host key that it made. Run \`./fleet up\` again.`);
}
