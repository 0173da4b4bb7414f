import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const repository = join(__dirname, "../..");

/** Programs that stand in for the real ones. Each writes its call to $CALLS; what they answer is set by environment variables. */
const stubs: Record<string, string> = {
    node: `case $1 in --version) echo "\${NODE_IS:-v20.1.0}" ;; *) echo probe >>"$CALLS"; [ "\${SITE:-}" = answers ] ;; esac`,
    npm: `echo "npm $*" >>"$CALLS"
        mkdir -p "$CLONE/node_modules/.bin"
        cp "$STUBS/launcher" "$CLONE/node_modules/.bin/pulumi"`,
    launcher: `echo "pulumi $*" >>"$CALLS"
        case $1 in
        version) target=$PULUMI_HOME/versions/3.259.0/bin/pulumi ;;
        plugin) target=$PULUMI_HOME/plugins/resource-$4-v$5/pulumi-resource-$4 ;;
        esac
        mkdir -p "$(dirname "$target")" && echo official >"$target" && chmod +x "$target"`,
    go: `case $1 in
        env) shift; for name; do case $name in GOVERSION) echo "\${GO_IS:-go1.26.8}" ;; *) echo "$name" ;; esac; done ;;
        build)
            while [ "$1" != -o ]; do shift; done
            echo "go build $3" >>"$CALLS"
            [ "\${GO_FAILS:-}" != yes ] || { echo "the compiler says no"; exit 1; }
            echo "built $3" >"$2" ;;
        esac`,
    nice: `exec "$@"`,
    uname: `echo "\${SYSTEM:-Linux}"`,
    id: `echo "\${USER_ID:-0}"`,
    "dpkg-query": `shift 3; for name; do [ "$name" = wireguard-tools ] || echo "$name installed"; done`,
    "apt-get": `echo "apt-get $*" >>"$CALLS"`,
    python3: `echo "Python 3"`,
};

/** How a run ended. */
export interface Run {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
    /** What the stubs were asked. */
    readonly calls: readonly string[];
}

/** A clone with the real set-up scripts and little else, in a user's home of its own. */
export class Clone {
    readonly home = mkdtempSync(join(tmpdir(), "setup-"));
    private path = join(this.home, "clone");
    private readonly stubs = join(this.home, "stubs");

    constructor() {
        mkdirSync(this.stubs);
        for (const [name, script] of Object.entries(stubs)) this.script(join(this.stubs, name), script);
        this.fill();
    }

    /** Goes on in another clone of the same user. */
    another(): void {
        this.path += "-2";
        this.fill();
    }

    private fill(): void {
        cpSync(join(repository, "tools/setup"), join(this.path, "tools/setup"));
        for (const name of ["steps", "pulumi", "lab", "python"]) {
            cpSync(join(repository, `tools/toolchain/${name}.sh`), join(this.path, `tools/toolchain/${name}.sh`));
        }
        this.write("package-lock.json", "{}");
        for (const module of ["tools/toolchain/pulumi", "tools/providers"]) {
            this.write(`${module}/go.mod`, "module x\n");
            this.write(`${module}/go.sum`, "");
        }
        this.write("tools/providers/main.go", "package main\n");
    }

    private script(path: string, text: string): void {
        writeFileSync(path, `#!/bin/sh\n${text}\n`);
        chmodSync(path, 0o755);
    }

    write(name: string, text: string): void {
        mkdirSync(dirname(join(this.path, name)), { recursive: true });
        writeFileSync(join(this.path, name), text);
    }

    /** Takes a stub away, as if the program were not installed. */
    uninstall(name: string): void {
        rmSync(join(this.stubs, name));
    }

    /** Content of a file below the Pulumi folder of this user; undefined when there is none. */
    installed(name: string): string | undefined {
        const path = join(this.home, ".pulumi", name);
        return existsSync(path) ? readFileSync(path, "utf8") : undefined;
    }

    /** Whether a set-up holds the lock of the toolchain, or left it behind. */
    locked(): boolean {
        return existsSync(join(this.home, ".cache/sovereign-edge/toolchain.lock"));
    }

    /** Puts a file below the Pulumi folder that the set-up did not make. */
    place(name: string, text: string): void {
        const path = join(this.home, ".pulumi", name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
    }

    /** Runs the set-up. */
    setup(args: readonly string[] = [], environment: Record<string, string> = {}): Run {
        const calls = join(this.home, "calls");
        writeFileSync(calls, "");
        // Only what a POSIX system always has, beside the stubs: a real go or node must not be found.
        const { status, stdout, stderr } = spawnSync(join(this.path, "tools/setup"), args, {
            encoding: "utf8",
            env: {
                PATH: `${this.stubs}:${this.system()}`,
                HOME: this.home,
                PULUMI_HOME: join(this.home, ".pulumi"),
                CALLS: calls,
                CLONE: this.path,
                STUBS: this.stubs,
                ...environment,
            },
        });
        return { code: status, stdout, stderr, calls: readFileSync(calls, "utf8").split("\n").filter(Boolean) };
    }

    private system(): string {
        const folder = join(this.home, "system");
        if (existsSync(folder)) return folder;
        mkdirSync(folder);
        const names =
            "sh basename cat chmod cp cut date dirname find head ln mkdir mv printf rm sed sha256sum sleep sort tail touch tr xargs";
        for (const name of names.split(" ")) {
            const real = execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
            if (real.startsWith("/")) this.script(join(folder, name), `exec ${real} "$@"`);
        }
        return folder;
    }

    remove(): void {
        rmSync(this.home, { recursive: true });
    }
}
