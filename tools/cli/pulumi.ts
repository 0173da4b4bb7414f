import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { relative, resolve } from "node:path";
import { effectsSaid } from "../../components/fleet/effects-state";
import { stateInClone } from "../../components/fleet/state-file";
import { Failure } from "./failure";
import { ignoringInterrupts, run, type Finished } from "./process";
import { filesOf } from "./stacks";

/** Providers of the program; their versions are those of the npm packages. */
const providers = ["command", "digitalocean", "random", "tls"];

/** The CLI where the launcher from npm keeps it, or the launcher itself, which then downloads it: one start of Node less. */
export function pulumiProgram(root: string, env: NodeJS.ProcessEnv = process.env): string {
    const program = resolve(pulumiHome(env), "versions", versionOf(root, "pulumi") ?? "none", "bin/pulumi");
    return existsSync(program) ? program : resolve(root, "node_modules/.bin/pulumi");
}

/**
 * How the engine and its plugins use the operator's computer. 64 commands at once: most of what a node does it does alone,
 * and the engine's own four for each core would have many wait. Go's collector comes when there is four times as much
 * garbage as there are things in use, and not with as much already (a quarter of their processor time), until a process
 * has a gibibyte (GOGC and GOMEMLIMIT, pkg.go.dev/runtime).
 */
export const pace = { PULUMI_PARALLEL: "64", GOGC: "400", GOMEMLIMIT: "1GiB" } as const;

/**
 * The environment for the Pulumi CLI: the stack's passphrase, no chatter about updates, and no downloads when every
 * provider is there, so that a missing piece fails at once. What the operator set already is left alone.
 * @throws Failure when there is no passphrase
 */
export function pulumiEnvironment(
    root: string,
    stack: string,
    env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
    return {
        ...pace,
        ...env,
        ...passphrase(root, stack, env),
        [effectsSaid]: "true",
        PULUMI_SKIP_UPDATE_CHECK: env["PULUMI_SKIP_UPDATE_CHECK"] ?? "true",
        ...(providersInPlace(root, env) ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
    };
}

/** Runs the Pulumi CLI in the clone and collects what it writes. */
export async function pulumi(
    root: string,
    stack: string,
    args: readonly string[],
    { env, ...options }: PulumiOptions = {},
): Promise<Finished> {
    const environment = { ...pulumiEnvironment(root, stack), ...env };
    return ignoringInterrupts(() =>
        run(pulumiProgram(root), [...args, "--stack", stack], { cwd: root, env: environment, ...options }),
    );
}

/** What the CLI is given beside its arguments. */
export interface PulumiOptions {
    readonly input?: string;
    readonly onLine?: (line: string) => void;
    /** Beside the environment that every run has. */
    readonly env?: NodeJS.ProcessEnv;
}

/** The file of the stack's state in the clone, absolute; nothing with another backend. */
export function stateFile(root: string, stack: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
    return (env["PULUMI_BACKEND_URL"] ?? "") === "" ? statePath(root, "stacks", `${stack}.json`) : undefined;
}

/**
 * The state of a stack: the file that the backend in the clone keeps, `{}` while there is none; an export with another backend.
 * @throws Failure when another backend does not give it
 */
export async function stateText(root: string, stack: string): Promise<string> {
    if (stateFile(root, stack) !== undefined) return stateInClone(root, stack) ?? "{}";
    return exportState(root, stack);
}

/** The state of a stack as the engine exports it. @throws Failure when it does not */
export async function exportState(root: string, stack: string, ...flags: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await pulumi(root, stack, ["stack", "export", ...flags]);
    if (code !== 0) throw new Failure(`The state of ${stack} cannot be read: ${stderr.trim()}`);
    return stdout;
}

/** Whether the stack is in the state in the clone; unknown (and taken as given) with another backend. */
export function stackExists(root: string, stack: string, env: NodeJS.ProcessEnv = process.env): boolean {
    const file = stateFile(root, stack, env);
    return file === undefined || existsSync(file);
}

/** @throws Failure that says how to make the stack when it is not there */
export function requireStack(root: string, stack: string): void {
    if (stackExists(root, stack)) return;
    const place = shown(resolve(root, ".state"));
    throw new Failure(
        `The stack ${stack} has no state in ${place}. Run \`./fleet init ${stack}\`, or copy .state from where it is.`,
    );
}

/** Where the file backend in the clone keeps something of this program. */
export function statePath(root: string, kind: "stacks" | "locks", name: string): string {
    const project = kind === "locks" ? "organization/sovereign-edge" : "sovereign-edge";
    return resolve(root, ".state/.pulumi", kind, project, name);
}

/** The stack's own passphrase file goes before what the terminal has set: that may be another stack's. */
function passphrase(root: string, stack: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const file = filesOf(root, stack).passphrase;
    if (existsSync(file)) return { PULUMI_CONFIG_PASSPHRASE: undefined, PULUMI_CONFIG_PASSPHRASE_FILE: file };
    if (env["PULUMI_CONFIG_PASSPHRASE"] !== undefined || env["PULUMI_CONFIG_PASSPHRASE_FILE"] !== undefined) return {};
    throw new Failure(
        `${shown(file)} is missing: without the passphrase the stack's secrets cannot be read. Copy it from where you keep it, or set PULUMI_CONFIG_PASSPHRASE_FILE.`,
    );
}

function pulumiHome(env: NodeJS.ProcessEnv): string {
    return env["PULUMI_HOME"] ?? resolve(homedir(), ".pulumi");
}

/** Version of an npm package of the clone; undefined when it is not installed. */
function versionOf(root: string, name: string): string | undefined {
    const manifest = resolve(root, "node_modules", name, "package.json");
    if (!existsSync(manifest)) return undefined;
    return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

function providersInPlace(root: string, env: NodeJS.ProcessEnv): boolean {
    return providers.every((name) => {
        const version = versionOf(root, `@pulumi/${name}`);
        return version !== undefined && existsSync(resolve(pulumiHome(env), "plugins", `resource-${name}-v${version}`));
    });
}

function shown(file: string): string {
    return relative(process.cwd(), file) || file;
}
