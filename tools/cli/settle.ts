import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asRoot } from "../../components/converge/command";
import { fingerprint, readKnownHosts } from "../../components/fleet/known-hosts";
import type { Stack } from "../../components/fleet/stack";
import type { Context } from "./context";
import { Failure } from "./failure";
import { readIfThere, writeWhole } from "./files";
import { pinAlone, pinNext, readTurns, type Turn } from "./card-pins";
import { probe, type Target } from "./probe";
import type { Finished } from "./process";
import { makeNext, scrub, switchOver } from "./settle-script";
import { sshRun } from "./ssh";

/** Milliseconds for one step on a node; a Pi with a slow card takes its time. */
const patience = 60_000;
/** Milliseconds for sshd to show its new key, and between two looks. */
const [newKeyWithin, betweenLooks] = [20_000, 300];

/**
 * Ends the first boot of every node whose host key is on a card as well: the machine makes a key of its own, which is
 * pinned before it is shown; a fresh connection accepts that one only, and removes what the card held. Whatever the run or
 * the power breaks off, one of the two pinned keys is the machine's, and the next run goes on.
 * @returns the stack with the pins as they are now
 * @throws Failure when a step fails on a node that answered
 */
export async function settleCards(context: Context, stack: Stack): Promise<Stack> {
    const file = stack.files.knownHosts;
    const turns = Object.entries(readTurns(readIfThere(file) ?? ""));
    if (turns.length === 0) return stack;
    for (const [name, turn] of turns) await settle(context, stack, name, turn);
    return { ...stack, hostKeys: readKnownHosts(readIfThere(file) ?? "") };
}

async function settle({ out }: Context, stack: Stack, name: string, turn: Turn): Promise<void> {
    const { nodes, ssh } = stack.inventory;
    const node = nodes[name];
    if (node?.address === undefined || node.offline !== undefined) return;
    const target = { node: name, address: node.address, port: node.port ?? ssh.port ?? 22 };
    const user = node.user ?? ssh.user;
    const shown = await shownKey(target);
    if (shown === undefined || (shown !== turn.card && shown !== turn.next)) return;
    const next = shown === turn.next ? shown : await turnKey(stack, target, user, shown);
    await step(target, user, next, scrub);
    change(stack, (text) => pinAlone(text, name, next));
    out.say(`  ${name} has made a host key of its own, ${fingerprint(next)}; what its card held is removed.`);
}

/** Has the machine make its key, pins that, and has it shown; gives the key. */
async function turnKey(stack: Stack, target: Target, user: string, card: string): Promise<string> {
    const said = await step(target, user, card, makeNext);
    const [next] = /ssh-ed25519 [A-Za-z0-9+/]+={0,2}/.exec(said.stdout) ?? [];
    if (next === undefined) throw new Failure(`${target.node} made no host key: ${said.stdout.trim()}`);
    change(stack, (text) => pinNext(text, target.node, next));
    await step(target, user, card, switchOver);
    const end = performance.now() + newKeyWithin;
    while ((await shownKey(target)) !== next) {
        if (performance.now() > end)
            throw new Failure(
                `${target.node} still does not show the host key that it made. Run \`./fleet up\` again.`,
            );
        await new Promise((done) => setTimeout(done, betweenLooks));
    }
    return next;
}

async function shownKey(target: Target): Promise<string | undefined> {
    const { finding } = await probe(target);
    return finding.state === "answers" ? finding.key : undefined;
}

/** Runs a script as root over a fresh connection that accepts this key only. @throws Failure */
async function step(target: Target, user: string, key: string, script: string): Promise<Finished> {
    const folder = mkdtempSync(join(tmpdir(), "fleet-"));
    try {
        const knownHosts = join(folder, "known_hosts");
        writeFileSync(knownHosts, `${target.node} ${key}\n`);
        const finished = await sshRun({ ...target, user, knownHosts }, `${asRoot(user)}sh -s`, script, patience);
        if (finished.code === 0) return finished;
        const [words = ""] = finished.stderr.trim().split("\n").slice(-1);
        throw new Failure(
            `${target.node}: the host key of its card could not be replaced: ${words}. Run \`./fleet up\` again.`,
        );
    } finally {
        rmSync(folder, { recursive: true });
    }
}

function change({ files }: Stack, edit: (text: string) => string): void {
    writeWhole(files.knownHosts, edit(readIfThere(files.knownHosts) ?? ""));
}
