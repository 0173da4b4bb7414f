import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

/** The clone. */
export const root = resolve(__dirname, "../..");
/** What the tests note for people who look for the cause of a failure. */
export const notes = resolve(root, ".lab/test");

/** How a command ended. */
export interface Result {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
    /** Both streams, standard output first. */
    readonly text: string;
    readonly seconds: number;
}

/** Options of `run`. */
export interface RunOptions {
    readonly input?: string;
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end; never throws for an exit code. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    const start = performance.now();
    const [program, ...args] = argv;
    const child = spawn(program!, args, {
        cwd: options.cwd ?? root,
        env: { ...process.env, NO_COLOR: "1", ...options.env },
        stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => undefined).end(options.input ?? "");
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const code = await new Promise<number>((done, fail) => {
        child.on("error", fail).on("close", (status) => {
            done(status ?? 1);
        });
    });
    return { code, stdout, stderr, text: stdout + stderr, seconds: (performance.now() - start) / 1000 };
}

/** Runs a command that must end with 0, else fails with all it printed. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    const result = await run(argv, options);
    if (result.code !== 0) throw new Error(`${argv.join(" ")} ended with ${result.code}:\n${result.text}`);
    return result;
}

const labCommand = ["tools/node", "lab/main.ts"] as const;
const passphrase = {
    PULUMI_CONFIG_PASSPHRASE_FILE: resolve(root, "stacks/dev.passphrase"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
};

/** A verb of the lab; must succeed. */
export const lab = (...args: string[]): Promise<Result> => must([...labCommand, ...args]);
/** A command on a machine of the lab; must succeed. */
export const on = (node: string, ...argv: string[]): Promise<Result> =>
    must([...labCommand, "exec", node, "--", ...argv]);
/** What starts a command where one of the operators stands, on the passphrase of the stack `dev`. */
export const place = (who: "operator" | "roamer", ...argv: string[]): string[] => [
    "env",
    ...Object.entries(passphrase).map(([key, value]) => `${key}=${value}`),
    ...labCommand,
    "exec",
    who,
    "--",
    ...argv,
];
/** A command where the operator stands; may fail. */
export const operator = (argv: readonly string[], options: RunOptions = {}): Promise<Result> =>
    run([...labCommand, "exec", "operator", "--", ...argv], { ...options, env: { ...passphrase, ...options.env } });
/** A verb of `./fleet` for the stack `dev`; may fail. */
export const fleet = (...args: string[]): Promise<Result> => operator(["./fleet", "-s", "dev", ...args]);
/** The plain Pulumi CLI on the stack `dev`; may fail. */
export const pulumi = (...args: string[]): Promise<Result> => operator(["npx", "pulumi", ...args, "-s", "dev"]);

/** Asks the model through the edge, as a client on the internet would; the number of tokens that came back. */
export async function ask(headers: readonly string[] = []): Promise<number> {
    const body = JSON.stringify({
        model: "gemma3:270m",
        messages: [{ role: "user", content: "The capital of France is" }],
        max_tokens: 8,
    });
    const url = "https://ai.dev.example/v1/chat/completions";
    const curl = [
        "curl",
        "-sS",
        "--fail-with-body",
        "--max-time",
        "60",
        "-H",
        "Content-Type: application/json",
        "-d",
        body,
    ];
    const { code, text } = await operator([...curl, ...headers.flatMap((header) => ["-H", header]), url]);
    if (code !== 0) throw new Error(`The model does not answer: ${text}`);
    return tokensOf(text);
}

/** How many tokens a chat completion brought; a base model's words are its own, and may be none that print. */
export function tokensOf(json: string): number {
    const answer = JSON.parse(json) as {
        choices: { message: { role: string } }[];
        usage: { completion_tokens: number };
    };
    return answer.choices[0]?.message.role === "assistant" ? answer.usage.completion_tokens : 0;
}

/**
 * Runs `body` with the committed inventory replaced by an edited one, and puts the file back whatever happens.
 * @param edits pairs of a text that must be there and what takes its place
 */
export async function withInventory(
    edits: readonly (readonly [string, string])[],
    body: () => Promise<void>,
): Promise<void> {
    const file = resolve(root, "stacks/dev.yaml");
    const before = readFileSync(file, "utf8");
    const after = edits.reduce((text, [from, to]) => {
        if (!text.includes(from)) throw new Error(`stacks/dev.yaml does not hold ${from}`);
        return text.replace(from, to);
    }, before);
    writeFileSync(file, after);
    try {
        await body();
    } finally {
        writeFileSync(file, before);
    }
}

/** Starts a client that asks a URL of the edge twenty times a second; `stop` gives every status it saw, with how often. */
export function poll(url: string): { stop: () => Promise<Record<string, number>> } {
    const script = `
        const https = require("node:https"), seen = {};
        const note = (what) => (seen[what] = (seen[what] ?? 0) + 1);
        const timer = setInterval(() => {
            const request = https.get(${JSON.stringify(url)}, { agent: false }, (response) => { response.resume(); note(response.statusCode); });
            request.on("error", (error) => note(error.code ?? error.message));
        }, 50);
        process.stdin.resume().on("end", () => { clearInterval(timer); process.on("exit", () => console.log(JSON.stringify(seen))); });`;
    const args = ["lab/main.ts", "exec", "operator", "--", "node", "-e", script];
    const child = spawn("tools/node", args, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    return {
        stop: async () => {
            child.stdin.end();
            await new Promise((done) => child.on("close", done));
            return JSON.parse(output) as Record<string, number>;
        },
    };
}

/** Keeps a text for people under .lab/test. */
export function note(name: string, text: string): void {
    mkdirSync(notes, { recursive: true });
    writeFileSync(resolve(notes, name), text);
}

/** Waits until `probe` gives true; fails after `seconds` with what was waited for. */
export async function until(what: string, seconds: number, probe: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (!(await probe())) {
        if (performance.now() > end) throw new Error(`Waited ${seconds} s for ${what}.`);
        await new Promise((done) => setTimeout(done, 200));
    }
}
