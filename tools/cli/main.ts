import { InventoryError } from "../../components/fleet/errors";
import { parseArguments, type Arguments } from "./arguments";
import { makeContext } from "./context";
import { exitCodes, Failure, Refusal, type ExitCode } from "./failure";
import { helpText, verbHelp } from "./help";
import { verbs } from "./verbs";

/** Runs a command line of `./fleet` and gives its exit code. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
    try {
        const args = parseArguments(argv, verbs);
        const verb = verbs.find(({ name }) => name === args.verb);
        if (verb === undefined || args.help || verb.load === undefined) return help(args);
        const { run } = await verb.load();
        return await run(makeContext(args));
    } catch (error) {
        return explain(error, argv.includes("--json"));
    }
}

function help(args: Arguments): ExitCode {
    const asked = args.verb === "help" ? args.positionals[0] : args.verb;
    const verb = verbs.find(({ name }) => name === asked);
    if (asked !== undefined && verb === undefined)
        throw new Refusal(`There is no verb "${asked}". \`./fleet help\` lists them.`);
    const text = verb === undefined || verb.name === "help" ? helpText() : verbHelp(verb);
    (args.help || args.verb !== undefined ? process.stdout : process.stderr).write(`${text}\n`);
    return args.help || args.verb !== undefined ? exitCodes.done : exitCodes.refused;
}

/** Says what went wrong: to people on standard error, with `--json` also as the one document on standard output. */
function explain(error: unknown, json: boolean): ExitCode {
    const known = error instanceof InventoryError || error instanceof Refusal || error instanceof Failure;
    if (!known) throw error;
    const isInventory = error instanceof InventoryError;
    process.stderr.write(`${isInventory ? "" : "fleet: "}${error.message}\n`);
    const problems = isInventory ? { problems: error.problems } : {};
    if (json)
        process.stdout.write(`${JSON.stringify({ ok: false, error: error.message, ...problems }, undefined, 2)}\n`);
    return error instanceof Failure ? exitCodes.failed : exitCodes.refused;
}

if (require.main === module) {
    void main(process.argv.slice(2)).then((code) => {
        process.exitCode = code;
    });
}
