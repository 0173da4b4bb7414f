import { spawn } from "node:child_process";

/** How a command ended. */
export interface Outcome {
    /** Exit code; a signal counts as 1. */
    readonly code: number;
    /** Standard output and standard error as they came. */
    readonly output: string;
    readonly seconds: number;
}

/**
 * Runs a command, keeps what it prints, and says every half minute that it still goes on.
 * @param argv program and arguments; never through a shell
 */
export async function run(name: string, argv: readonly string[], cwd: string): Promise<Outcome> {
    const start = performance.now();
    const seconds = (): number => (performance.now() - start) / 1000;
    const [program = "", ...args] = argv;
    const child = spawn(program, args, {
        cwd,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, CI: "1", NO_COLOR: "1" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    const heartbeat = setInterval(() => {
        process.stdout.write(`      ${name}: ${seconds().toFixed(0)} s …\n`);
    }, 30_000);
    const code = await new Promise<number>((done) => {
        child.on("error", (error) => {
            output += `${program}: ${error.message}\n`;
            done(127);
        });
        child.on("close", (status) => {
            done(status ?? 1);
        });
    });
    clearInterval(heartbeat);
    return { code, output, seconds: seconds() };
}
