import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pulumiProgram } from "../../../tools/cli/pulumi";
import { must, root, run, type Result, type RunOptions } from "../support";
import { rawVariable, type RawFleet } from "./raw";

/** How the engine is started: where the test stands, or where the lab's operator does. */
export type Start = (argv: readonly string[], options: RunOptions) => Promise<Result>;

/** A resource as the state has it. */
export interface StateResource {
    readonly urn: string;
    readonly type: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
    readonly outputs?: Readonly<Record<string, unknown>>;
}

const project = resolve(__dirname);
const settingsFile = "settings.yaml";

/**
 * The real engine over raw nodes, with a state of its own in a temporary folder:
 *
 *     const engine = await Engine.make(operator);
 *     expect((await engine.up(fleet)).code).toBe(0);
 *     engine.dispose();
 */
export class Engine {
    private constructor(
        private readonly start: Start,
        /** Holds the state, the description of the fleet and the stack's settings. */
        readonly folder: string,
        private readonly env: Readonly<Record<string, string>>,
    ) {}

    /** @param env for the engine and the program beside the test's own */
    static async make(start: Start = run, env: Readonly<Record<string, string>> = {}): Promise<Engine> {
        const folder = mkdtempSync(join(tmpdir(), "engine-"));
        mkdirSync(join(folder, "state"));
        const settings = {
            PULUMI_BACKEND_URL: `file://${folder}/state`,
            PULUMI_CONFIG_PASSPHRASE: "worthless",
            PULUMI_CONFIG_PASSPHRASE_FILE: "",
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
            [rawVariable]: join(folder, "fleet.json"),
        };
        const stack = basename(folder);
        await must([pulumiProgram(root), "stack", "init", stack, "--non-interactive", "-C", project], {
            env: { ...settings, ...env },
        });
        // The engine writes the stack's settings beside Pulumi.yaml, whatever it is told.
        renameSync(join(project, `Pulumi.${stack}.yaml`), join(folder, settingsFile));
        return new Engine(start, folder, { ...settings, ...env });
    }

    /** `pulumi up` of this fleet, without a preview; goes on past failures. */
    up(fleet: RawFleet, ...args: string[]): Promise<Result> {
        return this.pulumi(fleet, "up", ...this.settings(), "--yes", "--skip-preview", "--continue-on-error", ...args);
    }

    /** `pulumi preview --diff` of this fleet. */
    preview(fleet: RawFleet, ...args: string[]): Promise<Result> {
        return this.pulumi(fleet, "preview", ...this.settings(), "--diff", ...args);
    }

    /** `pulumi destroy`: forgets everything; nothing is dialled. */
    destroy(...args: string[]): Promise<Result> {
        return this.pulumi(undefined, "destroy", ...this.settings(), "--yes", "--skip-preview", ...args);
    }

    /** The state's resources, as they are exported: secrets encrypted. */
    async state(): Promise<StateResource[]> {
        const { stdout } = await this.pulumi(undefined, "stack", "export");
        const { deployment } = JSON.parse(stdout) as { deployment: { resources?: StateResource[] } };
        return deployment.resources ?? [];
    }

    /** The state as the engine keeps it. */
    stateText(): string {
        return readFileSync(
            join(this.folder, `state/.pulumi/stacks/sovereign-edge-raw/${basename(this.folder)}.json`),
            "utf8",
        );
    }

    /** Any other command of the CLI. */
    pulumi(fleet: RawFleet | undefined, ...args: string[]): Promise<Result> {
        if (fleet !== undefined) writeFileSync(this.env[rawVariable] ?? "", JSON.stringify(fleet));
        const place = ["-C", project, "--stack", basename(this.folder), "--non-interactive", "--color", "never"];
        return this.start([pulumiProgram(root), ...args, ...place], { env: this.env });
    }

    private settings(): string[] {
        return ["--config-file", join(this.folder, settingsFile)];
    }

    /** Removes the folder. */
    dispose(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}
