import { requireComplete } from "../../../components/fleet/complete";
import { planFleet } from "../../../components/fleet/plan";
import { loadWithState, type Context } from "../context";
import { effectLines } from "../effects";
import { exitCodes, type ExitCode } from "../failure";
import { leavingWords } from "../leaving-text";
import { DiffFilter } from "../preview-text";
import { pulumi, requireStack } from "../pulumi";

/** `./fleet preview`: every line that would change, by node; contacts none. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, args, out } = context;
    const stack = await loadWithState(context);
    requireComplete(stack);
    requireStack(root, stack.name);
    for (const words of leavingWords(stack)) out.say(`  ${words}`);
    for (const line of await effectLines(context, stack.name, planFleet(stack))) out.say(line);
    if (args.json) {
        const { code, stdout, stderr } = await pulumi(root, stack.name, ["preview", "--json", "--non-interactive"]);
        if (stderr.trim() !== "") out.warn(stderr.trim());
        process.stdout.write(stdout);
        return code === 0 ? exitCodes.done : exitCodes.failed;
    }
    const filter = new DiffFilter();
    const colour = process.stdout.isTTY ? "always" : "never";
    const full = args.flags["full"] === true ? ["--show-full-output"] : [];
    const { code, stderr } = await pulumi(
        root,
        stack.name,
        ["preview", "--diff", "--non-interactive", "--suppress-progress", "--color", colour, ...full],
        {
            onLine: (line) => {
                for (const shown of filter.push(line)) out.say(shown);
            },
        },
    );
    for (const shown of filter.end()) out.say(shown);
    if (stderr.trim() !== "") out.warn(stderr.trim());
    return code === 0 ? exitCodes.done : exitCodes.failed;
}
