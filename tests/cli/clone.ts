import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeLock, type Lock } from "../../components/fleet/lock";
import { run, type Finished } from "../../tools/cli/process";
import { hostKey, makeRoot, serveSsh, type Fake } from "./support";

const real = resolve(__dirname, "../..");

/** Notes how it was called, and answers what the test laid ready: `NAME`, `NAME.err` and `NAME.code`. */
const answer = (name: string): string => `
cat "$FAKE/${name}" 2>/dev/null
cat "$FAKE/${name}.err" >&2 2>/dev/null
exit "$(cat "$FAKE/${name}.code" 2>/dev/null || echo 0)"
`;

const programs: Readonly<Record<string, string>> = {
    uname: "echo Linux",
    id: "echo 0",
    "ssh-add": "exit 0",
    ssh: `
for last; do :; done
echo "ssh $last" >>"$FAKE/calls"
cp "$FAKE/../stacks/home.yaml" "$FAKE/inventory-then"
case $last in *" release "*) verb=release ;; "python3 -I - "*) verb=keys ;; true) verb=login ;; "sudo -n sh -s" | "sh -s") verb=script ;; *) verb=status ;; esac
[ -e "$FAKE/ssh-$verb" ] || [ -e "$FAKE/ssh-$verb.code" ] || verb=status
${answer("ssh-$verb")}`,
    pulumi: `
[ "$1 $2" != "stack import" ] || cat >"$FAKE/imported"
echo "pulumi $* checkpoints=\${PULUMI_SKIP_CHECKPOINTS:+skipped}" >>"$FAKE/calls"
${answer("pulumi-$1")}`,
};

/** A clone of its own with one fleet, `home`, whose node `box` is an SSH server of the test; ssh and pulumi are stand-ins. */
export interface Clone {
    readonly root: string;
    /** Where box answers. */
    readonly box: Fake;
    /** Lays an answer ready: `pulumi-VERB`, `ssh-release` or `ssh-status`, with `.err` and `.code`. */
    set(name: string, text: string): void;
    /** Runs `./fleet -s home`. */
    fleet(...args: string[]): Promise<Finished>;
    /** The same with something on its standard input. */
    feed(input: string, ...args: string[]): Promise<Finished>;
    /** Runs another program of the clone. */
    program(file: string, ...args: string[]): Promise<Finished>;
    /** The stand-ins' calls so far, in order, without the paths of programs. */
    calls(): string[];
    read(file: string): string;
}

/** Makes a clone. @param entry what stands in box's entry beside hardware, address and port */
export async function makeClone(entry = "", more: Readonly<Record<string, string>> = {}): Promise<Clone> {
    const box = await serveSsh();
    const lock: Lock = { version: 1, roads: { box: 20999 }, generations: {}, artifacts: {} };
    const root = makeRoot({
        "stacks/home.yaml": `version: 1\nfleet: home\nnodes: # mine\n  box: { hardware: amd64-1gb, address: ${box.address}, port: ${box.port}${entry} } # the only one\n`,
        "stacks/home.lock.yaml": writeLock(lock),
        "stacks/home.known_hosts": `box ${hostKey}\n`,
        "stacks/home.passphrase": "x",
        ".state/.pulumi/stacks/sovereign-edge/home.json": '{"checkpoint":{"latest":{"resources":[{"urn":"x"}]}}}',
        "fake/calls": "",
        ...more,
    });
    const fake = join(root, "fake");
    for (const part of [
        "components",
        "tools/cli",
        "tools/dev",
        "tools/node",
        "tools/register.js",
        "fleet",
        "Pulumi.yaml",
    ]) {
        cpSync(join(real, part), join(root, part), {
            recursive: true,
            filter: (file) => !file.includes("__pycache__"),
        });
    }
    symlinkSync(join(real, "node_modules"), join(root, "node_modules"));
    const manifest = JSON.parse(readFileSync(join(real, "node_modules/pulumi/package.json"), "utf8")) as Record<
        string,
        string
    >;
    const bin = join(fake, `versions/${manifest["version"] ?? ""}/bin`);
    mkdirSync(bin, { recursive: true });
    for (const [name, script] of Object.entries(programs)) {
        writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
        chmodSync(join(bin, name), 0o755);
    }
    const env = { ...process.env, FAKE: fake, PULUMI_HOME: fake, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    return {
        root,
        box,
        set: (name, text) => {
            writeFileSync(join(fake, name), text);
        },
        fleet: (...args) => run(join(root, "fleet"), ["-s", "home", ...args], { cwd: root, env }),
        feed: (input, ...args) => run(join(root, "fleet"), ["-s", "home", ...args], { cwd: root, env, input }),
        program: (file, ...args) => run(join(root, file), args, { cwd: root, env }),
        calls: () => readFileSync(join(fake, "calls"), "utf8").split("\n").filter(Boolean),
        read: (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : "(none)"),
    };
}

const place = "urn:pulumi:home::sovereign-edge::sovereign-edge:fleet:Fleet$sovereign-edge:node:Node$";

/** URN of a resource, by default of a command. */
export function urnOf(name: string, type = "command:remote:Command"): string {
    return `${place}${type}::${name}`;
}

/** A step of the engine: operation, name, type, and what the command wrote on standard output. */
export type Step = readonly [op: string, name: string, type?: string, stdout?: string];

/** The engine's events of steps, as the CLI writes them. */
export function events(...steps: readonly Step[]): string {
    const lines = steps.flatMap(([op, name, type = "command:remote:Command", stdout]) => {
        const metadata = { op, urn: urnOf(name, type), type, new: { outputs: { stdout } } };
        return [{ resourcePreEvent: { metadata } }, { resOutputsEvent: { metadata } }];
    });
    return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** The events of a command that fails with these words. */
export function failure(op: string, name: string, words: string): string {
    const type = "command:remote:Command";
    const urn = urnOf(name);
    const message = `Process exited with status 1: running "sudo -n x":\n${words}\n`;
    return [
        { resourcePreEvent: { metadata: { op, urn, type } } },
        { diagnosticEvent: { severity: "error", urn, message } },
        { resOpFailedEvent: { metadata: { op, urn, type } } },
    ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join("");
}
