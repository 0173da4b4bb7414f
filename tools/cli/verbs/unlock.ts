import { InventoryError } from "../../../components/fleet/errors";
import { readStack } from "../../../components/fleet/stack";
import { confirmFleet } from "../confirm";
import { openStack, type Context } from "../context";
import { targetOf, withDoors } from "../doors";
import { engineLock, lockWords, takeLockAway, type EngineLock } from "../engine-lock";
import { exitCodes, type ExitCode } from "../failure";
import { askHolder } from "../holders";
import { columns } from "../output";
import { wrongKeys } from "../pins";
import { planOf } from "../planned";
import { probeAll } from "../probe";
import { requireStack } from "../pulumi";
import { inventoryPath } from "../stacks";

/** What the engine's lock on the stack came to. */
type Engine = "free" | "freed" | "held";

/** A node's lock: `free`, or who holds it since when, or why that is not known. */
interface NodeLock {
    readonly node: string;
    readonly state: "free" | "held" | "unknown";
    readonly words: string;
}

/** `./fleet unlock`: frees the stack from a run that is gone, and shows who holds the nodes. */
export async function run(context: Context): Promise<ExitCode> {
    const { root, out } = context;
    const name = openStack(context);
    requireStack(root, name);
    const engine = await free(context, name, engineLock(root, name));
    const nodes = await nodeLocks(context, name);
    if (nodes.length > 0)
        out.say(
            columns(
                nodes.map(({ node, state, words }) => [node, state, words]),
                "  ",
            ),
        );
    if (nodes.some(({ state }) => state === "held"))
        out.say("A node is held only as long as the run that holds it goes on there: it frees itself.");
    out.result({ stack: name, ok: engine !== "held", engine, nodes });
    return engine === "held" ? exitCodes.failed : exitCodes.done;
}

async function free(context: Context, stack: string, lock: EngineLock | undefined): Promise<Engine> {
    const { root, out } = context;
    if (lock === undefined) {
        out.say(`The stack ${stack} is not locked.`);
        return "free";
    }
    if (lock.run === "here") {
        out.say(lockWords(stack, lock));
        return "held";
    }
    if (lock.run === "elsewhere") {
        out.say(`The stack ${stack} is locked by ${lock.who}. From here nobody can see whether that run goes on;`);
        out.say("two runs at once spoil the state.");
        await confirmFleet(context, stack, "yes-unlock");
    }
    await takeLockAway(root, stack);
    out.say(
        `The stack ${stack} is free again; it was locked by ${lock.who}. \`./fleet up\` goes on where that run ended.`,
    );
    return "freed";
}

/** Who holds the nodes that answer; none when the inventory is refused, which must not keep the stack locked. */
async function nodeLocks({ root, out }: Context, name: string): Promise<NodeLock[]> {
    try {
        const stack = readStack(root, name, inventoryPath(root, name));
        const nodes = Object.values((await withDoors(planOf(stack))).nodes);
        const probes = await probeAll(nodes.map(targetOf));
        const wrong = wrongKeys(stack, probes);
        return await Promise.all(
            nodes.map(async (node, i): Promise<NodeLock> => {
                const answers = probes[i]?.finding.state === "answers" && !wrong.has(node.name) && node.hostKey !== "";
                const holder = answers ? await askHolder(stack, node) : undefined;
                if (holder === undefined) return { node: node.name, state: "unknown", words: "it does not say" };
                return { node: node.name, state: holder === "" ? "free" : "held", words: holder };
            }),
        );
    } catch (error) {
        if (!(error instanceof InventoryError)) throw error;
        out.warn("The inventory is refused (`./fleet check`), so the nodes were not asked.");
        return [];
    }
}
