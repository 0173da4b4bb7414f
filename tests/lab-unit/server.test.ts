import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import { createServer as createSocket } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "../../lab/shell";

const folder = mkdtempSync(join(tmpdir(), "lab-server-"));
const modified = "Sat, 01 Nov 2025 10:00:00 GMT";
const asked: string[] = [];
let upstream: Server;
let server: ChildProcess;
let port: number;

async function freePort(): Promise<number> {
    const socket = createSocket().listen(0, "127.0.0.1");
    await new Promise((ready) => socket.once("listening", ready));
    const { port: free } = socket.address() as AddressInfo;
    await new Promise((closed) => socket.close(closed));
    return free;
}

interface Answer {
    readonly status: number;
    readonly headers: IncomingHttpHeaders;
    readonly text: string;
}

function get(host: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((done, fail) => {
        const call = request(
            { host: "127.0.0.1", port, path, headers: { Host: host, ...headers }, agent: false },
            (response) => {
                // prettier-ignore
                let text = "";
                response.setEncoding("utf8").on("data", (part: string) => (text += part));
                response.on("end", () => {
                    done({ status: response.statusCode ?? 0, headers: response.headers, text });
                });
            },
        );
        call.on("error", fail).end();
    });
}

async function startUpstream(at = 0): Promise<number> {
    upstream = createServer((incoming, outgoing) => {
        asked.push(`${incoming.url ?? ""}${incoming.headers["if-modified-since"] === undefined ? "" : " if modified"}`);
        if (incoming.url?.endsWith("missing.deb")) outgoing.writeHead(404).end();
        else if (incoming.headers["if-modified-since"] === modified) outgoing.writeHead(304).end();
        else outgoing.writeHead(200, { "Last-Modified": modified }).end("content");
    });
    upstream.listen(at, "127.0.0.1");
    await new Promise((ready) => upstream.once("listening", ready));
    return (upstream.address() as AddressInfo).port;
}

beforeAll(async () => {
    const mirror = await startUpstream();
    port = await freePort();
    writeFileSync(join(folder, "model.gguf"), "0123456789");
    const [certificate, key] = [join(folder, "leaf.pem"), join(folder, "leaf.key")];
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x", "-keyout", key, "-out", certificate]); // prettier-ignore
    const config = {
        namespace: "",
        address: "127.0.0.1",
        ports: { http: port, https: await freePort() },
        certificate,
        key,
        cache: join(folder, "cache"),
        proxy: "",
        mirrors: { debian: `http://127.0.0.1:${mirror}/debian` },
        files: { "huggingface.co/model.gguf": { path: join(folder, "model.gguf"), headers: { "X-Linked-ETag": '"abc"' } } },
        redirects: { "github.com/release.tar.gz": "https://assets.example/release.tar.gz" },
    }; // prettier-ignore
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    server = spawn("python3", ["-B", resolve(__dirname, "../../lab/server/main.py"), join(folder, "config.json")], { stdio: "ignore" }); // prettier-ignore
    for (let tries = 0; tries < 100; tries++) {
        if (await get("x", "/").catch(() => undefined)) return;
        await new Promise((later) => setTimeout(later, 50));
    }
    throw new Error("The server does not start.");
});

afterAll(() => {
    server.kill();
    upstream.close();
});

beforeEach(() => {
    asked.length = 0;
});

test("a file comes whole, in part, or not at all when it has not changed", async () => {
    const whole = await get("huggingface.co", "/model.gguf");
    expect([whole.status, whole.text, whole.headers["x-linked-etag"]]).toEqual([200, "0123456789", '"abc"']);
    const part = await get("huggingface.co", "/model.gguf", { Range: "bytes=7-" });
    expect([part.status, part.text, part.headers["content-range"]]).toEqual([206, "789", "bytes 7-9/10"]);
    const known = await get("huggingface.co", "/model.gguf", { "If-Modified-Since": whole.headers["last-modified"]! });
    expect([known.status, known.text]).toEqual([304, ""]);
});

test("a release is given out behind a redirect", async () => {
    const { status, headers } = await get("github.com", "/release.tar.gz");
    expect([status, headers.location]).toEqual([302, "https://assets.example/release.tar.gz"]);
});

test("what the lab has not is named", async () => {
    const { status, text } = await get("github.com", "/other/thing");
    expect([status, text]).toEqual([404, "The lab's internet has no http://github.com/other/thing\n"]);
});

test("nobody climbs out of the cache", async () => {
    expect((await get("packages.lab.example", "/debian/%2e%2e/%2e%2e/etc/passwd")).status).toBe(400);
});

test("a package is fetched once, an index is asked for anew and taken from the cache when it is the same", async () => {
    for (let times = 0; times < 2; times++) {
        expect((await get("packages.lab.example", "/debian/pool/main/a/a.deb")).text).toBe("content");
        expect((await get("packages.lab.example", "/debian/dists/trixie/InRelease")).text).toBe("content");
    }
    const [pool, index] = ["/debian/pool/main/a/a.deb", "/debian/dists/trixie/InRelease"];
    expect(asked).toEqual([pool, index, `${index} if modified`]);
});

test("the mirror's refusal is passed on", async () => {
    const { status, text } = await get("packages.lab.example", "/debian/pool/missing.deb");
    expect([status, text]).toEqual([404, expect.stringContaining("missing.deb")]);
});

test("without the mirror, what is in the cache still comes, and what is not is refused with the cause", async () => {
    const { port: same } = upstream.address() as AddressInfo;
    await get("packages.lab.example", "/debian/dists/trixie/InRelease");
    upstream.closeAllConnections();
    await new Promise((closed) => upstream.close(closed));
    expect((await get("packages.lab.example", "/debian/dists/trixie/InRelease")).text).toBe("content");
    const lost = await get("packages.lab.example", "/debian/dists/trixie/Release");
    expect([lost.status, lost.text]).toEqual([502, expect.stringContaining("refused")]);
    await startUpstream(same);
});
