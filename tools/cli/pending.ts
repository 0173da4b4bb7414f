import { existsSync, readFileSync } from "node:fs";
import type { Context } from "./context";
import { Failure } from "./failure";
import { isRepeatable } from "./forecast";
import { pulumi, stateFile } from "./pulumi";

/** A step that the state tells of and whose end it does not know. */
interface Operation {
    readonly type: string;
    readonly resource: { readonly urn: string; readonly type: string };
}

interface Deployment {
    readonly pending_operations?: readonly Operation[];
}

/**
 * Takes the steps out of the state during which the run before was cut off, where doing them again is all there is to do:
 * those of commands, and of keys and passwords, which are nowhere but in the state. The engine itself keeps those that made
 * something for ever, and warns of them at every run. What stands elsewhere, such as a rented server, is left to the operator.
 * @throws Failure when the state cannot be written
 */
export async function clearCutOff({ root, out }: Context, stack: string): Promise<void> {
    const file = stateFile(root, stack);
    if (file === undefined || !hasPending(file)) return;
    const exported = await pulumi(root, stack, ["stack", "export"]);
    const state = JSON.parse(exported.stdout) as { deployment: Deployment };
    const pending = state.deployment.pending_operations ?? [];
    const kept = pending.filter(
        ({ resource }) => !isRepeatable(resource.type) && !/^(random|tls):/.test(resource.type),
    );
    if (kept.length === pending.length) return;
    const deployment: Deployment = { ...state.deployment, pending_operations: kept };
    const { code, stderr } = await pulumi(root, stack, ["stack", "import"], {
        input: JSON.stringify({ ...state, deployment }),
    });
    if (code !== 0) throw new Failure(`The state of the run that was cut off cannot be mended: ${stderr.trim()}`);
    const again = pending.filter((operation) => !kept.includes(operation)).map(({ resource }) => nameOf(resource.urn));
    out.say(`  The run before was cut off at ${again.join(", ")}; that is done again where it is needed.`);
}

/** Whether a state file tells of such steps. */
export function hasPending(file: string): boolean {
    return existsSync(file) && readFileSync(file, "utf8").includes('"pending_operations"');
}

function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}
