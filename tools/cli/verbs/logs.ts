import { aside, loadWithState, textFlag, type Context } from "../context";
import { withDoors } from "../doors";
import { Failure, Refusal, type ExitCode } from "../failure";
import { loginOf, selectNodes } from "../nodes";
import { planOf } from "../planned";
import { sshAttached } from "../ssh";
import { shellWord } from "../summary";
import { requirePin } from "./ssh";

/** `./fleet logs NODE [UNIT]`: follows the journal of a node, or of one of its units, until interrupted. */
export async function run(context: Context): Promise<ExitCode> {
    const { args } = context;
    const stack = await loadWithState(aside(context));
    const [name, unit] = args.positionals;
    const [node] = selectNodes(await withDoors(planOf(stack)), name === undefined ? [] : [name]);
    if (node === undefined) throw new Failure("The fleet has no node.");
    requirePin(stack, node);
    const lines = textFlag(context, "lines") ?? "50";
    if (!/^\d{1,6}$/.test(lines)) throw new Refusal(`--lines takes a number, not "${lines}".`);
    const command = [
        ...(node.user === "root" ? [] : ["sudo", "-n"]),
        ...["journalctl", "--no-pager", "-n", lines],
        ...(args.flags["once"] === true ? [] : ["-f"]),
        ...(unit === undefined ? [] : ["-u", shellWord(unit)]),
    ];
    return (await sshAttached(loginOf(stack, node), command, false)) as ExitCode;
}
