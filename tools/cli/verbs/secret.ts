import { listOf } from "../../../components/fleet/errors";
import { raised } from "../../../components/fleet/lock";
import { planSecrets } from "../../../components/secrets/plan";
import { loadStack, type Context } from "../context";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { updateLock } from "../files";
import { columns } from "../output";
import { askHidden, canAsk } from "../prompt";
import { pulumi, requireStack } from "../pulumi";
import { readAll } from "../standard-input";

/** `./fleet secret set NAME` and `./fleet secret list`. Values are encrypted in `Pulumi.STACK.yaml`; none is ever shown. */
export async function run(context: Context): Promise<ExitCode> {
    const [action, name] = context.args.positionals;
    if (action === "list") return list(context);
    if (action !== "set") throw new Refusal(`"${action ?? ""}" is neither set nor list.`);
    if (name === undefined) throw new Refusal("Which secret? ./fleet secret set NAME");
    if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name)) {
        throw new Refusal(`"${name}" is no name of a secret: a-z, 0-9, dots and dashes.`);
    }
    return set(context, name);
}

async function set(context: Context, name: string): Promise<ExitCode> {
    const { root, out } = context;
    const stack = loadStack(context);
    requireStack(root, stack.name);
    const asked = askedFor(stack.inventory);
    const value = canAsk() ? await askHidden(`Value of ${name} (not shown): `) : await readAll();
    if (value === "") throw new Refusal("The value is empty; nothing was set.");
    // First, so that no value is ever stored under the number of another one; a number too high does no harm.
    const generation = stack.secretNames.includes(name) ? raiseGeneration(stack.files.lock, name) : 1;
    const key = `sovereign-edge:secrets["${name}"]`;
    const { code, stderr } = await pulumi(root, stack.name, ["config", "set", "--path", "--secret", key], {
        input: value,
    });
    if (code !== 0) throw new Failure(`The secret could not be written: ${stderr.trim()}`);
    const which = generation === 1 ? "" : ` (generation ${generation})`;
    out.say(
        `${name}${which} is set, encrypted in Pulumi.${stack.name}.yaml. It goes to the nodes with the next \`./fleet up\`.`,
    );
    if (!asked.includes(name)) out.warn(`Nothing in the inventory asks for it. Asked for: ${listOf(asked)}.`);
    out.result({ stack: stack.name, set: name, generation, wanted: asked.includes(name) });
    return exitCodes.done;
}

/** A new value is a new generation. Gives its number. */
function raiseGeneration(lock: string, name: string): number {
    let generation = 1;
    updateLock(lock, ({ generations, ...rest }) => {
        const next = raised(generations, [name]);
        generation = next[name] ?? generation;
        return { ...rest, generations: next };
    });
    return generation;
}

// eslint-disable-next-line @typescript-eslint/require-await -- a verb is asynchronous
async function list(context: Context): Promise<ExitCode> {
    const stack = loadStack(context);
    const asked = askedFor(stack.inventory);
    const names = [...new Set([...asked, ...stack.secretNames])].sort();
    const secrets = names.map((name) => ({
        name,
        set: stack.secretNames.includes(name),
        wanted: asked.includes(name),
    }));
    const rows = secrets.map(({ name, set: isSet, wanted }) => [
        name,
        isSet ? "set" : `missing: ./fleet secret set ${name}`,
        wanted ? "" : "nothing asks for it",
    ]);
    context.out.say(rows.length === 0 ? "No secrets are set, and none is asked for." : columns(rows, "  "));
    context.out.result({ stack: stack.name, secrets });
    return exitCodes.done;
}

function askedFor(inventory: Parameters<typeof planSecrets>[0]): string[] {
    return Object.entries(planSecrets(inventory)).flatMap(([name, { kind }]) => (kind === "operator" ? [name] : []));
}
