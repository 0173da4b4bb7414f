import { cloneRoot } from "./context";
import { freeFromGone } from "./engine-lock";
import { exitCodes, Failure, type ExitCode } from "./failure";

/**
 * `tools/node tools/cli/free-stack.ts STACK`: frees a stack from a run that is gone, as `./fleet unlock` does, and asks no
 * node: `npm run down` has switched them off by then.
 */
async function main(stack: string): Promise<ExitCode> {
    try {
        const who = await freeFromGone(cloneRoot, stack);
        if (who !== undefined) process.stdout.write(`The stack ${stack} is free again; it was locked by ${who}.\n`);
        return exitCodes.done;
    } catch (error) {
        if (!(error instanceof Failure)) throw error;
        process.stderr.write(`${error.message}\n`);
        return exitCodes.failed;
    }
}

void main(process.argv[2] ?? "").then((code) => {
    process.exitCode = code;
});
