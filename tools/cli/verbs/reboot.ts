import { requireComplete } from "../../../components/fleet/complete";
import { planFleet } from "../../../components/fleet/plan";
import { standIns } from "../../../components/node/boot/turns";
import { loadWithState, type Context } from "../context";
import { withDoors } from "../doors";
import { requireFreeStack } from "../engine-lock";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { selectNodes } from "../nodes";
import { handsOf, restartInTurn } from "../reboots";
import { requireAgent } from "../ssh";

/** `./fleet reboot NODE…`: restarts nodes one at a time, with the boot configuration that waits to be tried. */
export async function run(context: Context): Promise<ExitCode> {
    const { args, out, root } = context;
    if (args.positionals.length === 0) throw new Refusal("Which nodes? ./fleet reboot NODE…");
    const stack = await loadWithState(context);
    requireComplete(stack);
    const plan = await withDoors(planFleet(stack));
    const names = selectNodes(plan, args.positionals).map(({ name }) => name);
    requireFreeStack(root, stack.name);
    await requireAgent();
    const hands = handsOf(stack, plan.nodes, out);
    const { done, failed } = await restartInTurn(names, standIns(stack.inventory), hands);
    out.result({ stack: stack.name, ok: failed === undefined, restarted: done });
    if (failed !== undefined) throw new Failure(failed);
    return exitCodes.done;
}
