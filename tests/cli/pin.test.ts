import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { readLock, writeLock } from "../../components/fleet/lock";
import { download } from "../../tools/cli/download";
import { run } from "../../tools/cli/verbs/pin";
import { cleanUp, makeContext, makeRoot } from "./support";
import { homeText } from "../support/stack";

let server: Server;
let base: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const realFetch = globalThis.fetch;

beforeEach(async () => {
    server = createServer((request, response) => {
        answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});

afterEach(() => {
    globalThis.fetch = realFetch;
    server.closeAllConnections();
    server.close();
    cleanUp();
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const quick = { answer: 300, silence: 300, report: 0 };

describe("download", () => {
    test("follows redirects, hashes and counts, and reports", async () => {
        answer = ({ url }, response) => {
            if (url === "/a") response.writeHead(302, { location: "/b" }).end();
            else response.end("x".repeat(200_000));
        };
        const reports: [number, number | undefined][] = [];
        const got = await download(`${base}/a`, (...report) => reports.push(report), quick);
        expect(got).toEqual({ sha256: sha256("x".repeat(200_000)), bytes: 200_000 });
        expect(reports.length).toBeGreaterThan(0);
        expect(reports.at(-1)?.[1]).toBe(200_000);
    });

    test.each<[string, (response: ServerResponse) => void, RegExp]>([
        ["is not there", (response) => response.writeHead(404).end(), /answers 404 Not Found/],
        ["never answers", () => undefined, /went silent/],
        [
            "stops in between",
            (response) => response.writeHead(200, { "content-length": "10" }).write("abc"),
            /went silent/,
        ],
        [
            "breaks off",
            (response) => {
                response.writeHead(200, { "content-length": "10" }).write("abc", () => response.destroy());
            },
            /cannot be downloaded .*run it again/,
        ],
    ])("a file that %s", async (_, respond, message) => {
        answer = (__, response) => {
            respond(response);
        };
        await expect(download(`${base}/a`, () => undefined, quick)).rejects.toThrow(message);
    });

    test("nobody listening is said with the reason", async () => {
        await expect(download("http://127.0.0.1:1/a", () => undefined, quick)).rejects.toThrow(
            /cannot be downloaded \(.*\)\. Check the network/,
        );
    });
});

describe("./fleet pin", () => {
    /** Every upstream address answers with its own path, so that hashes differ. */
    function serveUpstream(body = (path: string) => `bytes of ${path}`): string[] {
        const asked: string[] = [];
        answer = ({ url = "" }, response) => {
            asked.push(url);
            response.end(body(url));
        };
        globalThis.fetch = (input, init) => realFetch(`${base}${new URL(input).pathname}`, init);
        return asked;
    }
    const lockOf = (root: string): ReturnType<typeof readLock>["lock"] =>
        readLock("", readFileSync(join(root, "stacks/home.lock.yaml"), "utf8")).lock;

    test("locks what is needed with hash, size, date and how far it is verified, and a road a node", async () => {
        serveUpstream();
        const root = makeRoot({ "stacks/home.yaml": homeText });
        const context = makeContext(root);
        expect(await run(context)).toBe(0);
        const lock = lockOf(root);
        const path = "/caddyserver/caddy/releases/download/v2.11.4/caddy_2.11.4_linux_amd64.tar.gz";
        expect(lock.artifacts["caddy"]).toEqual({
            version: "2.11.4",
            amd64: {
                url: `https://github.com${path}`,
                sha256: sha256(`bytes of ${path}`),
                bytes: `bytes of ${path}`.length,
                verified: "first use",
                at: new Date().toISOString().slice(0, 10),
            },
        });
        expect(Object.keys(lock.artifacts).sort()).toEqual(["caddy", "llama.cpp", "model gemma3:270m"]);
        expect(lock.roads["box"]).toBeGreaterThan(1024);
        expect(context.said.join("\n")).toContain("no signature of their makers was checked");
    });

    test("what is locked is not downloaded again, unless it is named", async () => {
        const asked = serveUpstream();
        const root = makeRoot({ "stacks/home.yaml": homeText });
        await run(makeContext(root));
        asked.length = 0;
        expect(await run(makeContext(root))).toBe(0);
        expect(asked).toEqual([]);
        const named = makeContext(root, { positionals: ["gemma3:270m"] });
        expect(await run(named)).toBe(0);
        expect(asked).toHaveLength(1);
        expect(named.said.join("\n")).toContain("as locked");
    });

    test("other bytes under the locked version are refused with both hashes; --accept-changed takes them", async () => {
        serveUpstream();
        const root = makeRoot({ "stacks/home.yaml": homeText });
        await run(makeContext(root));
        const before = lockOf(root).artifacts["llama.cpp"]!.amd64!.sha256;
        serveUpstream(() => "something else");
        const flags = { refresh: true } as const;
        const refused = run(makeContext(root, { positionals: ["llama.cpp"], flags }));
        await expect(refused).rejects.toThrow(before);
        await expect(run(makeContext(root, { positionals: ["llama.cpp"] }))).rejects.toThrow(sha256("something else"));
        expect(lockOf(root).artifacts["llama.cpp"]!.amd64!.sha256).toBe(before);
        await run(makeContext(root, { positionals: ["llama.cpp"], flags: { "accept-changed": true } }));
        expect(lockOf(root).artifacts["llama.cpp"]!.amd64!.sha256).toBe(sha256("something else"));
    });

    test("another version takes the place of the old one, and generations stay", async () => {
        serveUpstream();
        const old = {
            url: "https://x.example/",
            sha256: "0".repeat(64),
            bytes: 1,
            verified: "first use",
            at: "2026-01-01",
        };
        const lock = writeLock({
            version: 1,
            roads: { box: 30000 },
            generations: { "wireguard.box": 2 },
            artifacts: { caddy: { version: "2.0.0", amd64: old, arm64: old } },
        });
        const root = makeRoot({ "stacks/home.yaml": homeText, "stacks/home.lock.yaml": lock });
        await run(makeContext(root));
        const after = lockOf(root);
        expect(after.artifacts["caddy"]).toMatchObject({ version: "2.11.4" });
        expect(after.artifacts["caddy"]!.arm64).toBeUndefined();
        expect([after.roads, after.generations]).toEqual([{ box: 30000 }, { "wireguard.box": 2 }]);
    });

    test("a name that nothing needs is refused with the nearest", async () => {
        const root = makeRoot({ "stacks/home.yaml": homeText });
        await expect(run(makeContext(root, { positionals: ["cady"] }))).rejects.toThrow('Did you mean "caddy"?');
    });
});
