import { asRoot, commandLine, program } from "../../components/converge/command";
import type { NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { loginOf } from "./nodes";
import { describe, type Probe } from "./probe";
import type { Finished } from "./process";
import { sshRun } from "./ssh";

/** Milliseconds a node may take to take everything off: packages are removed one after the other. */
const patience = 600_000;

/** What became of a node: `released` with what stays on it, or why not. */
export interface Released {
    readonly node: string;
    readonly released: boolean;
    readonly words: readonly string[];
}

/** Takes everything of ours off one node over SSH, when it answers with its pinned key. */
export async function release(stack: Stack, node: NodePlan, found: Probe | undefined): Promise<Released> {
    if (node.hostKey === "") return { node: node.name, released: false, words: ["has no pinned host key"] };
    if (found?.finding.state !== "answers") {
        return { node: node.name, released: false, words: [found === undefined ? "was not asked" : describe(found)] };
    }
    return readRelease(node.name, await sshRun(loginOf(stack, node), releaseLine(node.user), "", patience));
}

/**
 * The command that releases a node. One that nothing was ever applied to has neither program nor roles, and nothing is to be
 * taken off it.
 */
export function releaseLine(user: string): string {
    const never = `test ! -e ${program} && test ! -e /var/lib/sovereign-edge/roles`;
    return `${asRoot(user)}sh -c '${never}' || ${commandLine("release", user)}`;
}

/** Reads what a release said: what was done and what is kept, without the log's anchor. */
export function readRelease(node: string, { code, stdout, stderr }: Finished): Released {
    const lines = `${stdout}\n${stderr}`
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !/^log \d+ [0-9a-f]{64}$/.test(line));
    const released = code === 0;
    const silence = released ? "nothing was on it" : code === 137 ? "did not end in time" : `ended with ${code}`;
    const said = released && lines[0] === "unchanged" ? [silence, ...lines.slice(1)] : lines;
    return { node, released, words: said.length === 0 ? [silence] : said };
}

/** The lines of one node for people. */
export function releasedText({ node, released, words }: Released): string {
    return words.map((line, i) => `  ${node}: ${i === 0 && !released ? "NOT RELEASED: " : ""}${line}`).join("\n");
}
