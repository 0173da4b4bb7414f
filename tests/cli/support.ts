import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Arguments } from "../../tools/cli/arguments";
import type { Context } from "../../tools/cli/context";

/** An ed25519 host key that nobody uses. */
export const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGd0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0";
/** Another one. */
export const otherKey = hostKey.replace("IGd0", "IGd1");

const open: { servers: Server[]; sockets: Socket[]; directories: string[] } = {
    servers: [],
    sockets: [],
    directories: [],
};

/** Closes what the tests opened; to be called after each. */
export function cleanUp(): void {
    for (const socket of open.sockets.splice(0)) socket.destroy();
    for (const server of open.servers.splice(0)) server.close();
    for (const directory of open.directories.splice(0)) rmSync(directory, { recursive: true });
}

/** Where a fake server listens, as a node. */
export interface Fake {
    readonly node: string;
    readonly address: string;
    readonly port: number;
}

/** A TCP server on loopback. */
export async function serve(onConnection: (socket: Socket) => void): Promise<Fake> {
    const server = createServer((socket) => {
        open.sockets.push(socket.on("error", () => undefined));
        onConnection(socket);
    });
    open.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { node: "box", address: "127.0.0.1", port: (server.address() as { port: number }).port };
}

/** A server that shows a host key as OpenSSH does, and nothing more. */
export function serveSsh(key = hostKey): Promise<Fake> {
    return serve((socket) =>
        socket.write(Buffer.concat([Buffer.from("SSH-2.0-Fake_1\r\n"), keyExchangeInit(), exchangeReply(key)])),
    );
}

/** A port nobody listens on. */
export async function closedPort(): Promise<Fake> {
    const fake = await serve(() => undefined);
    open.servers.pop()?.close();
    return fake;
}

/** The server's offer of algorithms (RFC 4253 §7.1). */
export function keyExchangeInit(hostKeys = "rsa-sha2-512,ssh-ed25519"): Buffer {
    const lists = ["curve25519-sha256", hostKeys, "", "", "", "", "", "", "", ""];
    return packet(Buffer.concat([Buffer.from([20]), Buffer.alloc(16), ...lists.map(sshString), Buffer.alloc(5)]));
}

/** The server's answer with its host key (RFC 5656 §4). */
export function exchangeReply(key = hostKey): Buffer {
    return packet(
        Buffer.concat([Buffer.from([31]), sshString(Buffer.from(key.split(" ")[1]!, "base64")), sshString("x")]),
    );
}

function sshString(bytes: Buffer | string): Buffer {
    const body = Buffer.from(bytes);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
}

function packet(payload: Buffer): Buffer {
    const padding = 16 - ((payload.length + 5) % 8);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(payload.length + padding + 1, 0);
    head[4] = padding;
    return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

/** A directory with these files, as a clone. */
export function makeRoot(files: Readonly<Record<string, string>>): string {
    const root = mkdtempSync(join(tmpdir(), "fleet-test-"));
    open.directories.push(root);
    for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, name)), { recursive: true });
        writeFileSync(join(root, name), text);
    }
    return root;
}

/** A context whose output is kept. */
export function makeContext(
    root: string,
    args: Partial<Arguments> = {},
): Context & { said: string[]; results: unknown[] } {
    const said: string[] = [];
    const results: unknown[] = [];
    const keep = (text: string): void => void said.push(text);
    return {
        root,
        args: { json: false, help: false, positionals: [], flags: {}, rest: [], ...args },
        out: { say: keep, warn: keep, result: (value) => void results.push(value) },
        said,
        results,
    };
}

/** A certificate (PEM) for some names, valid for 90 days. */
export function certificate(names: readonly string[], isCa = false): string {
    const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`;
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "/dev/null"];
    const extensions = ["-addext", alternatives, "-addext", `basicConstraints=critical,CA:${isCa ? "TRUE" : "FALSE"}`];
    const request = ["req", "-x509", ...key, "-subj", "/CN=x", ...extensions, "-days", "90"];
    return execFileSync("openssl", request, { encoding: "utf8", stdio: "pipe" }).trim();
}
