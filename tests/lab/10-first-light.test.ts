import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import {
    tokensOf,
    fleet,
    lab,
    must,
    note,
    on,
    operator,
    poll,
    pulumi,
    root,
    run,
    until,
    withInventory,
} from "./support";

const nodes = ["alice", "cecilia", "gematria"];

const npm = (script: string): Promise<{ stdout: string; text: string; seconds: number }> =>
    must(["npm", "run", "-s", script]);

describe("from nothing to a token", () => {
    let first = "";
    let status = "";

    beforeAll(async () => {
        status = (await must(["git", "status", "--porcelain"])).stdout;
        await npm("down");
        const up = await npm("up");
        first = up.stdout;
        note("first-up.txt", up.text);
    });

    test("the summary names every node and every URL", () => {
        for (const name of ["alice", "cecilia", "gematria"]) expect(first).toMatch(new RegExp(`\\b${name}\\b`));
        expect(first).toContain("https://ai.dev.example/v1");
    });

    test("the printed curl line, run as printed, returns a completion over a verified certificate", async () => {
        const line = first.split("\n").find((text) => text.includes("curl ") && text.includes("/v1/chat/completions"));
        expect(line).toBeDefined();
        expect(line).not.toMatch(/ (-k|--insecure)\b/);
        const { stdout } = await must(["sh", "-c", line!.trim()]);
        expect(tokensOf(stdout)).toBeGreaterThan(0);
    });

    test("the chat page stands on the same host", async () => {
        const { stdout } = await operator(["curl", "-sS", "--fail", "https://ai.dev.example/"]);
        expect(stdout).toContain("<title>gemma3:270m</title>");
    });

    test("the work tree is as clean as before", async () => {
        expect((await must(["git", "status", "--porcelain"])).stdout).toBe(status);
    });

    test("a second up changes nothing, in the engine's own words too", async () => {
        const again = await npm("up");
        note("second-up.txt", `${again.text}\n${again.seconds} s`);
        expect(again.stdout).toMatch(/\b0 changed\b/);
        const preview = await pulumi("preview", "--expect-no-changes");
        expect([preview.code, preview.text]).toEqual([0, expect.stringContaining("unchanged")]);
    });
});

describe("the mesh", () => {
    test("home nodes meet on the LAN, and reach the public one through NAT", async () => {
        const { stdout } = await on("alice", "wg", "show", "wg0", "endpoints");
        expect(stdout.match(/192\.168\.8\.12:51820|203\.0\.113\.10:51820/g)?.sort()).toEqual([
            "192.168.8.12:51820",
            "203.0.113.10:51820",
        ]);
        // The public node learnt where the home nodes are from their packets: behind the router's address.
        const learnt = (await on("gematria", "wg", "show", "wg0", "endpoints")).stdout;
        expect(learnt.match(/203\.0\.113\.20:\d+/g)).toHaveLength(2);
    });

    test.each([
        ["alice", "10.44.0.12"],
        ["alice", "10.44.0.1"],
        ["cecilia", "10.44.0.1"],
        ["gematria", "10.44.0.11"],
        ["gematria", "10.44.0.12"],
    ])("%s reaches %s", async (from, to) => {
        await on(from, "ping", "-c1", "-W5", to);
    });
});

describe("the model", () => {
    test("listens on the mesh address and nowhere else", async () => {
        const { stdout } = await on("cecilia", "ss", "-Hltn");
        const ports = stdout.split("\n").flatMap((line) => /(\S+):(8\d{3})\s/.exec(line)?.slice(1, 2) ?? []);
        expect(ports).toEqual(["10.44.0.12"]);
    });

    test("refuses who does not know its key", async () => {
        const caddyfile = (await on("gematria", "cat", "/etc/caddy/Caddyfile")).stdout;
        const upstream = /reverse_proxy (10\.44\.0\.12:\d+)/.exec(caddyfile)![1]!;
        const { stdout } = await on(
            "gematria",
            "curl",
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            `http://${upstream}/v1/models`,
        );
        expect(stdout).toBe("401");
    });
});

describe("names", () => {
    test("PowerDNS on gematria is what the clients ask", async () => {
        const { stdout } = await operator(["getent", "ahostsv4", "ai.dev.example"]);
        expect(stdout).toMatch(/^203\.0\.113\.10 /);
        const soa = (await on("gematria", "pdnsutil", "list-zone", "dev.example")).stdout;
        const serial = Number(/SOA\s+\S+ \S+ (\d+)/.exec(soa)?.[1]);
        expect(serial).toBeGreaterThan(2_026_000_000);
    });
});

describe("a changed header line of the edge", () => {
    test("is shown as a line under caddy on gematria, changes only that, and reloads Caddy; at most the one request of that moment fails", async () => {
        const pid = async (): Promise<string> =>
            (await on("gematria", "systemctl", "show", "-P", "MainPID", "caddy")).stdout;
        const before = await pid();
        const edit = [["X-Content-Type-Options: nosniff", "X-Content-Type-Options: nosniff, X-Seen: once"]] as const;
        await withInventory(edit, async () => {
            const preview = await fleet("preview");
            note("header-preview.txt", preview.text);
            expect(preview.code).toBe(0);
            expect(preview.stdout).toMatch(/caddy on gematria/);
            expect(preview.stdout).toMatch(/^\s*\+\s+X-Seen "once"$/m);
            expect(preview.stdout).not.toMatch(/\+\s+X-Content-Type-Options/);
            expect(preview.stdout).not.toMatch(/ on (alice|cecilia)/);
            const client = poll("https://ai.dev.example/");
            const up = await fleet("up");
            const { "200": answered, ...failed } = await client.stop();
            note("header-up.txt", `${up.text}\n${answered} answered, failed: ${JSON.stringify(failed)}`);
            expect(up.code).toBe(0);
            // Go closes a connection whose first request it reads while the old server stops (net/http, `shuttingDown`).
            expect([{}, { ECONNRESET: 1 }]).toContainEqual(failed);
            expect(answered).toBeGreaterThan(20);
            const headers = (await operator(["curl", "-sSI", "https://ai.dev.example/"])).stdout;
            expect(headers).toMatch(/^x-seen: once\r?$/im);
        });
        expect(await pid()).toBe(before);
        expect((await fleet("up")).code).toBe(0);
        expect((await operator(["curl", "-sSI", "https://ai.dev.example/"])).stdout).not.toMatch(/x-seen/i);
        expect(await pid()).toBe(before);
    });
});

test("a second operator with another key causes no change", async () => {
    const directory = mkdtempSync("/tmp/second-operator-");
    const [key, socket] = [`${directory}/key`, `${directory}/agent`];
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "second operator", "-f", key]);
    const line = readFileSync(`${key}.pub`, "utf8").trim();
    for (const node of nodes) {
        await on(node, "sh", "-c", `echo '${line}' >> /home/admin/.ssh/authorized_keys`);
    }
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    const mine = { env: { SSH_AUTH_SOCK: socket } };
    try {
        await until("the second agent", 5, () => Promise.resolve(existsSync(socket)));
        await must(["ssh-add", "-q", key], mine);
        const second = ["env", `SSH_AUTH_SOCK=${socket}`, "./fleet", "-s", "dev"];
        const up = await operator([...second, "up"]);
        note("second-operator.txt", up.text);
        expect([up.code, up.stdout]).toEqual([0, expect.stringMatching(/\b0 changed\b/)]);
        expect((await operator([...second, "ssh", "alice", "--", "id", "-un"])).stdout.trim()).toBe("admin");
    } finally {
        agent.kill();
        for (const node of nodes) await on(node, "sed", "-i", "/second operator/d", "/home/admin/.ssh/authorized_keys");
        rmSync(directory, { recursive: true });
    }
});

test("a second clone is told that the lab is in use", async () => {
    const clone = "/tmp/sovereign-edge-second-clone";
    await must(["rm", "-rf", clone]);
    await must(["git", "clone", "-q", root, clone]);
    await must(["ln", "-s", resolve(root, "node_modules"), `${clone}/node_modules`]);
    const result = await run(["tools/node", "lab/main.ts", "up"], { cwd: clone });
    await must(["rm", "-rf", clone]);
    expect(result.code).not.toBe(0);
    expect(result.text).toContain(`The lab is in use by ${root}`);
    expect(JSON.parse((await lab("list", "--json")).stdout)).toBeDefined();
});

test("the inventory on disk is the committed one after all of this", () => {
    expect(readFileSync(resolve(root, "stacks/dev.yaml"), "utf8")).not.toContain("X-Seen");
});
