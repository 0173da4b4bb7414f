import { relative } from "node:path";
import { fingerprint, readKnownHosts, wrongKeyMessage } from "../../components/fleet/known-hosts";
import { textFlag, type Context } from "./context";
import { Failure, Refusal } from "./failure";
import { readIfThere } from "./files";
import { ask, canAsk } from "./prompt";
import { describe, placeOfTarget, probe, type Target } from "./probe";

/** What the operator runs on the machine's own console to compare. */
const onConsole = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub";

/**
 * The host key of a machine, once somebody vouched for it: it is pinned already, `--fingerprint` says it, the operator
 * compared it, or `--yes` takes it unseen.
 * @param knownHosts the file with the pins; nothing when a machine is expected that nobody knows yet
 * @throws Failure when the machine does not answer or shows another key; Refusal when nobody can be asked
 */
export async function findKey(context: Context, target: Target, knownHosts: string | undefined): Promise<string> {
    const found = await probe(target);
    if (found.finding.state !== "answers")
        throw new Failure(`${target.node} ${describe(found)}. ${hint(found.finding.state)}`);
    const { key } = found.finding;
    const pins = knownHosts === undefined ? "" : readIfThere(knownHosts);
    const pin = readKnownHosts(pins ?? "").find(({ node }) => node === target.node);
    if (pin !== undefined && knownHosts !== undefined) {
        if (pin.key === key) return key;
        throw new Failure(wrongKeyMessage(target, key, pin.key, `${relative(process.cwd(), knownHosts)}:${pin.line}`));
    }
    context.out.say(`  ${target.node} (${placeOfTarget(target)}) shows the host key ${fingerprint(key)}`);
    await vouch(context, target, key);
    return key;
}

/** Whether a fingerprint as people copy it (with or without `SHA256:`, padding or a line's end) is the key's. */
export function isFingerprintOf(said: string, key: string): boolean {
    const bare = (text: string): string =>
        text
            .trim()
            .replace(/^SHA256:/i, "")
            .replace(/=+$/, "");
    return bare(said) === bare(fingerprint(key));
}

async function vouch({ args, out, ...context }: Context, target: Target, key: string): Promise<void> {
    const said = textFlag({ args, out, ...context }, "fingerprint");
    if (said !== undefined) {
        if (isFingerprintOf(said, key)) {
            out.say("  That is the fingerprint you gave.");
            return;
        }
        throw new Failure(
            `${target.node} shows another host key than you gave. Nothing was sent to it.\n    shown  ${fingerprint(key)}\n    given  ${said}\n    Compare again on its console: ${onConsole}`,
        );
    }
    if (args.flags["yes"] === true) {
        out.say("  --yes: this key was trusted unseen. Whoever answered just now is the node from now on.");
        return;
    }
    out.say(`  Compare it on the machine's own console: ${onConsole}`);
    if (!canAsk()) {
        throw new Refusal(
            "There is no terminal to ask on. Give --fingerprint SHA256:… as the console shows it (or --yes to trust it unseen).",
        );
    }
    const answer = await ask("  Is it the same? [yes/no] ");
    if (!/^(y|yes)$/i.test(answer.trim())) throw new Failure("Not trusted; nothing was written.");
}

function hint(state: "unreachable" | "no way" | "silent" | "refuses"): string {
    switch (state) {
        case "unreachable":
            return "Is it switched on, is the address right (`ip -4 address` on it), and does its sshd run (--port when it is not 22)?";
        case "no way":
            return "Is it switched on, and does one of the nodes it is reached through answer?";
        case "silent":
            return "Its sshd hangs: restart the machine, or `systemctl restart ssh` on its console.";
        case "refuses":
            return "Look at its sshd: `journalctl -u ssh` on its console.";
    }
}
