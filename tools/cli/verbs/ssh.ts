import type { NodePlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { aside, loadWithState, type Context } from "../context";
import { withDoors } from "../doors";
import { Failure, type ExitCode } from "../failure";
import { loginOf, selectNodes } from "../nodes";
import { planOf } from "../planned";
import { sshAttached } from "../ssh";

/** `./fleet ssh NODE [-- COMMAND…]`: a shell, or a command, with the pinned host key. Exits as the remote side does. */
export async function run(context: Context): Promise<ExitCode> {
    const { args } = context;
    const stack = await loadWithState(aside(context));
    const [node] = selectNodes(await withDoors(planOf(stack)), args.positionals);
    if (node === undefined) throw new Failure("The fleet has no node.");
    requirePin(stack, node);
    return (await sshAttached(loginOf(stack, node), args.rest, args.rest.length === 0)) as ExitCode;
}

/** @throws Failure when there is no pinned key: ssh's own words would not say what to do */
export function requirePin(stack: Stack, { name, address, hostKey }: NodePlan): void {
    if (hostKey !== "") return;
    throw new Failure(
        `There is no pinned host key of ${name} in ${stack.files.knownHosts}. Run \`./fleet add ${name} ${address}\`.`,
    );
}
