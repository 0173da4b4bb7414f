import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint } from "./dial";
import { sshArguments } from "./ssh-client";

/** A node through which others are reached. */
export interface Bastion {
    readonly node: string;
    readonly user: string;
    /** Pinned host key, `ssh-ed25519 AAAA…`, of the machine that it is by now. */
    readonly hostKey: () => string;
    /** Port on 127.0.0.1 of the road to it: it may itself be reached through another node. */
    readonly port: () => number;
}

/** A socket in the file system that leads to an endpoint, or why there is none. */
export type Opened = { readonly path: string } | { readonly reason: string };

/**
 * The ways through bastions: one SSH session a bastion, whatever goes through it, because an sshd holds some 10 MB for each
 * session and drops logins at random above ten. OpenSSH's own client forwards sockets of a private folder; it ends when this
 * process does, because then its standard input ends. Nothing of it keeps the process alive.
 */
export class Tunnels {
    private readonly folder = mkdtempSync(join(tmpdir(), "se-"));
    private readonly tunnels: ReadonlyMap<string, Tunnel>;

    /** @param endpoints all that are reached through one of the bastions */
    constructor(bastions: readonly Bastion[], endpoints: readonly Endpoint[]) {
        const sockets = [...new Set(endpoints.map(target))].map((to, i): [string, string] => [to, `${i}`]);
        const opened = bastions.map((bastion, b): [string, Tunnel] => {
            const through = endpoints.filter(({ via }) => via === bastion.node).map(target);
            const paths = sockets
                .filter(([to]) => through.includes(to))
                .map(([to, i]): [string, string] => [to, join(this.folder, `${b}.${i}`)]);
            return [bastion.node, new Tunnel(bastion, join(this.folder, `${b}.known_hosts`), new Map(paths))];
        });
        this.tunnels = new Map(opened);
        process.once("exit", this.close);
    }

    /** Opens the bastion's session when it is not open, and gives the socket that leads on from there. */
    async open(endpoint: Endpoint): Promise<Opened> {
        const { via = "" } = endpoint;
        return this.tunnels.get(via)?.open(target(endpoint)) ?? { reason: `${via} is no node of the fleet` };
    }

    /** Why a connection through a bastion was closed before anybody spoke, in ssh's words. */
    whyClosed({ via = "" }: Endpoint): string {
        return this.tunnels.get(via)?.lastWords() ?? "";
    }

    /** Ends every session and removes the sockets. */
    readonly close = (): void => {
        process.off("exit", this.close);
        for (const tunnel of this.tunnels.values()) tunnel.end();
        rmSync(this.folder, { recursive: true, force: true });
    };
}

function target({ host, port }: Endpoint): string {
    return `${host}:${port}`;
}

/** What the session runs: says that it stands (the sockets are there by then), and ends with its standard input. */
const session = "echo open && exec cat";

/** The session with one bastion. */
class Tunnel {
    private child: ChildProcess | undefined;
    private opening: Promise<string | undefined> | undefined;
    private words = "";

    /** @param paths sockets by where they lead, `HOST:PORT` */
    constructor(
        private readonly bastion: Bastion,
        private readonly knownHosts: string,
        private readonly paths: ReadonlyMap<string, string>,
    ) {}

    async open(to: string): Promise<Opened> {
        const path = this.paths.get(to);
        if (path === undefined) return { reason: `${to} was not to be reached through ${this.bastion.node}` };
        this.opening ??= this.start();
        const reason = await this.opening;
        return reason === undefined ? { path } : { reason };
    }

    lastWords(): string {
        return this.words.trim().split("\n").at(-1)?.trim() ?? "";
    }

    end(): void {
        this.child?.kill();
    }

    private start(): Promise<string | undefined> {
        this.words = "";
        writeFileSync(this.knownHosts, `${this.bastion.node} ${this.bastion.hostKey()}\n`);
        const child = spawn("ssh", [...this.arguments(), session], { stdio: ["pipe", "pipe", "pipe"] });
        this.child = child;
        child.unref();
        for (const stream of [child.stdin, child.stdout, child.stderr] as unknown as Socket[])
            stream.on("error", () => undefined).unref();
        child.stderr.on("data", (text: Buffer) => (this.words = (this.words + text.toString()).slice(-2_000)));
        return new Promise((done) => {
            child.stdout.once("data", () => {
                done(undefined);
            });
            const ended = (why: string): void => {
                this.opening = undefined;
                done(why);
            };
            child.once("error", ({ message }) => {
                ended(message);
            });
            child.once("close", () => {
                ended(this.whyEnded());
            });
        });
    }

    private whyEnded(): string {
        const words = this.lastWords();
        // The road to the bastion hung up, and has said why.
        return words === "" || /closed by|reset by|refused/i.test(words) ? "it cannot be logged in to" : words;
    }

    private arguments(): string[] {
        const { node, user, port } = this.bastion;
        const more = [
            "ConnectTimeout=30",
            "LogLevel=INFO",
            "ExitOnForwardFailure=yes",
            "StreamLocalBindUnlink=yes",
            "ForwardAgent=no",
        ];
        const login = { node, user, address: "127.0.0.1", port: port(), knownHosts: this.knownHosts };
        const forwards = [...this.paths].flatMap(([to, path]) => ["-L", `${path}:${to}`]);
        return ["-T", ...forwards, ...sshArguments(login, true, more)];
    }
}
