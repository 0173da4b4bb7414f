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
        return explain(error);
    }
}

function help(args: Arguments): ExitCode {
    const asked = args.verb === "help" ? args.positionals[0] : args.verb;
    const verb = verbs.find(({ name }) => name === asked);
    if (asked !== undefined && verb === undefined)
        return explain(new Refusal(`There is no verb "${asked}". \`./fleet help\` lists them.`));
    const text = verb === undefined || verb.name === "help" ? helpText() : verbHelp(verb);
    (args.help || args.verb !== undefined ? process.stdout : process.stderr).write(`${text}\n`);
    return args.help || args.verb !== undefined ? exitCodes.done : exitCodes.refused;
}

function explain(error: unknown): ExitCode {
    if (error instanceof InventoryError) {
        process.stderr.write(`${error.message}\n`);
        return exitCodes.refused;
    }
    if (error instanceof Refusal) {
        process.stderr.write(`fleet: ${error.message}\n`);
        return exitCodes.refused;
    }
    if (error instanceof Failure) {
        process.stderr.write(`fleet: ${error.message}\n`);
        return exitCodes.failed;
    }
    throw error;
}

if (require.main === module) {
    void main(process.argv.slice(2)).then((code) => {
        process.exitCode = code;
    });
}
