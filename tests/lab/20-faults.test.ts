import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { timed } from "./program/measured";
import { ask, fleet, lab, must, note, on, pulumi, root, until, withInventory } from "./support";

/** A change that every node sees: the port of the mesh. */
const everywhere = [["mesh: { network: 10.44.0.0/24 }", "mesh: { network: 10.44.0.0/24, port: 51821 }"]] as const;
/** A change on the edge, and one that sends everything to cecilia again. */
const elsewhere = [
    ["headers: { X-Content-Type-Options: nosniff }", "headers: { X-Content-Type-Options: nosniff, X-Frozen: once }"],
    ["address: 192.168.8.12,", "address: 192.168.8.12, incarnation: 2,"],
] as const;
const listenPort = async (node: string): Promise<string> =>
    (await on(node, "wg", "show", "wg0", "listen-port")).stdout.trim();

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
});

describe("a node that is cut off, with a change pending on every node", () => {
    test("is named, alone, and in seconds; all else converges; with its power back the next up heals it", async () => {
        await withInventory(everywhere, async () => {
            await lab("power", "cut", "cecilia");
            const up = await fleet("up");
            note("cut.txt", up.text);
            timed("up with a node cut off", up.seconds);
            expect(up.code).toBe(1);
            expect(up.text).toMatch(/cecilia.*does not answer/);
            expect(up.text).not.toMatch(/(alice|gematria).*(does not answer|failed)/);
            expect([await listenPort("alice"), await listenPort("gematria")]).toEqual(["51821", "51821"]);
            await lab("power", "on", "cecilia");
            const healed = await fleet("up");
            note("healed.txt", healed.text);
            expect(healed.code).toBe(0);
            expect(await listenPort("cecilia")).toBe("51821");
            expect(await ask()).toBeGreaterThan(0);
        });
        expect((await fleet("up")).code).toBe(0);
        expect(await listenPort("cecilia")).toBe("51820");
    });

    test("is left alone while the inventory says since when it is off; what waited applies when it is back", async () => {
        const off = [["address: 192.168.8.12,", "address: 192.168.8.12, offline: 2026-11-21,"]] as const;
        await withInventory(everywhere, async () => {
            await lab("power", "cut", "cecilia");
            await withInventory(off, async () => {
                const up = await fleet("up");
                note("offline.txt", up.text);
                expect([up.code, up.text]).toEqual([0, expect.not.stringContaining("does not answer")]);
                expect([await listenPort("alice"), await listenPort("gematria")]).toEqual(["51821", "51821"]);
                expect((await fleet("up")).text).toMatch(/ 0 changed, /);
                expect((await fleet("status")).text).toMatch(/cecilia +offline +since 2026-11-21; not dialled/);
            });
            await lab("power", "on", "cecilia");
            expect((await fleet("up")).code).toBe(0);
            expect(await listenPort("cecilia")).toBe("51821");
        });
        expect((await fleet("up")).code).toBe(0);
    });

    test("with a frozen sshd the same is said", async () => {
        await withInventory(elsewhere, async () => {
            await lab("freeze", "cecilia");
            const up = await fleet("up");
            note("frozen.txt", up.text);
            timed("up with a frozen sshd", up.seconds);
            expect(up.code).toBe(1);
            expect(up.text).toMatch(/cecilia.*(does not answer|silent|frozen)/);
            expect(up.text).not.toMatch(/(alice|gematria).*(does not answer|silent|frozen|failed)/);
            expect((await on("gematria", "cat", "/etc/caddy/Caddyfile")).stdout).toContain("X-Frozen");
            await lab("thaw", "cecilia");
            const healed = await fleet("up");
            expect([healed.code, healed.text]).toEqual([0, expect.stringMatching(/cecilia/)]);
            expect(await ask()).toBeGreaterThan(0);
        });
    });

    test("is not left behind by a change of the mesh that it cannot follow: the others go back and name it", async () => {
        await withInventory(everywhere, async () => {
            await lab("freeze", "cecilia");
            const up = await fleet("up");
            note("left-behind.txt", `${up.text}\n${up.seconds} s`);
            expect(up.code).toBe(1);
            expect(up.text).toMatch(/cecilia answered through WireGuard before this change, and does not now/);
            await lab("thaw", "cecilia");
            expect(await ask()).toBeGreaterThan(0);
            const after = await fleet("up");
            note("left-behind-mended.txt", `${after.text}\n${after.seconds} s`);
            expect([after.code, after.text]).toEqual([0, expect.anything()]);
            expect(await listenPort("gematria")).toBe("51821");
            expect(await ask()).toBeGreaterThan(0);
        });
        expect((await fleet("up")).code).toBe(0);
    });
});

test("with nothing pending, up and status still say that a node does not answer", async () => {
    await lab("power", "cut", "cecilia");
    const [up, status] = [await fleet("up"), await fleet("status")];
    note("quiet-cut.txt", `${up.text}\n---\n${status.text}`);
    expect([up.code, up.text]).toEqual([1, expect.stringMatching(/cecilia.*does not answer/)]);
    expect([status.code, status.text]).toEqual([1, expect.stringMatching(/cecilia.*does not answer/)]);
    await lab("power", "on", "cecilia");
    await until("cecilia to answer", 30, async () => (await fleet("status")).code === 0);
    expect((await fleet("up")).code).toBe(0);
    await until("the model", 30, async () => (await ask().catch(() => 0)) > 0);
});

describe("a wrong host key", () => {
    const file = resolve(root, "stacks/dev.known_hosts");
    const right = (): string => readFileSync(file, "utf8");

    /** How often somebody logged in on alice, or tried to. */
    const authentications = async (): Promise<number> =>
        (
            await on(
                "alice",
                "journalctl",
                "-b",
                "--no-pager",
                "-o",
                "cat",
                "-t",
                "sshd",
                "-t",
                "sshd-session",
                "-t",
                "sshd-auth",
            )
        ).stdout
            .split("\n")
            .filter((line) => /Accepted|Failed|Invalid user/.test(line)).length;

    test("is refused before anything is sent, with both fingerprints and the file", async () => {
        const before = right();
        const lines = before.split("\n");
        const index = lines.findIndex((line) => line.startsWith("alice "));
        const other = lines.find((line) => line.startsWith("cecilia "))!.replace(/^cecilia /, "alice ");
        writeFileSync(file, before.replace(lines[index]!, other));
        const logins = await authentications();
        try {
            const up = await fleet("up");
            note("wrong-host-key.txt", up.text);
            expect(up.code).toBe(1);
            expect(up.text).toMatch(/alice/);
            expect(up.text.match(/SHA256:[A-Za-z0-9+/]{43}/g)?.length).toBeGreaterThanOrEqual(2);
            expect(up.text).toContain(`dev.known_hosts:${index + 1}`);
            expect(await authentications()).toBe(logins);
            // The engine alone, without our command, pins the key as well.
            const bare = await pulumi("up", "--yes", "--skip-preview", "--continue-on-error");
            note("wrong-host-key-bare.txt", bare.text);
            expect([bare.code, bare.text]).toEqual([
                expect.not.stringMatching(/^0$/),
                expect.stringMatching(/host key mismatch/),
            ]);
            expect(await authentications()).toBe(logins);
        } finally {
            writeFileSync(file, before);
        }
        expect((await fleet("up")).code).toBe(0);
    });
});

test("a typo in the inventory: every problem with its place, nothing contacted", async () => {
    const edits = [
        ["edge:\n", "egde: {}\nedge:\n"],
        ["192.168.8.12", "192.168.8.11"],
        ["llama.cpp: cecilia", "llama.cpp: cecila"],
    ] as const;
    await withInventory(edits, async () => {
        for (const verb of ["check", "up", "preview"]) {
            const result = await fleet(verb);
            expect(result.code).toBe(2);
            expect(result.text).toMatch(/stacks\/dev\.yaml:\d+:\d+ {2}SE002 {2}egde/);
            expect(result.text).toMatch(/stacks\/dev\.yaml:\d+:\d+ {2}SE010 {2}nodes\.cecilia\.address/);
            expect(result.text).toMatch(/stacks\/dev\.yaml:\d+:\d+ {2}SE012 {2}models\.engines\.llama\.cpp/);
            expect(result.text).toContain("No node was contacted.");
        }
        const bare = await pulumi("preview");
        expect([bare.code === 0, bare.text]).toEqual([false, expect.stringContaining("SE010")]);
    });
});

test("a bad Caddyfile does not keep PowerDNS on the same node from converging", async () => {
    // A validator that refuses stands for a Caddyfile that Caddy does not take: the schema lets none through that we know of.
    const binary = (await on("gematria", "readlink", "-f", "/usr/local/bin/caddy")).stdout.trim();
    await on(
        "gematria",
        "sh",
        "-c",
        `mv ${binary} ${binary}.aside && printf '#!/bin/sh\\necho "Caddyfile:7: bad directive" >&2; exit 1\\n' > ${binary} && chmod 755 ${binary}`,
    );
    const edits = [
        ["  dev.example: {}", "  dev.example: {}\n  second.example: {}"],
        ["X-Content-Type-Options: nosniff", "X-Content-Type-Options: nosniff, X-Bad: once"],
    ] as const;
    await withInventory(edits, async () => {
        const up = await fleet("up");
        note("bad-caddyfile.txt", up.text);
        expect(up.code).toBe(1);
        expect(up.text).toMatch(/bad directive/);
        expect((await on("gematria", "pdnsutil", "list-all-zones")).stdout).toContain("second.example");
        expect(await ask()).toBeGreaterThan(0);
        await on("gematria", "mv", `${binary}.aside`, binary);
        expect((await fleet("up")).code).toBe(0);
    });
    // Back to the committed inventory: what left it leaves the machine.
    expect((await fleet("up")).code).toBe(0);
    expect((await on("gematria", "pdnsutil", "list-all-zones")).stdout).not.toContain("second.example");
});

test("what was done by hand is put right by the next run of that role", async () => {
    await on("gematria", "sh", "-c", "echo '# by hand' >> /etc/caddy/Caddyfile && systemctl disable --now pdns");
    const urns = ["caddy on gematria", "pdns on gematria"];
    const state = JSON.parse((await pulumi("stack", "export")).stdout) as {
        deployment: { resources: { urn: string }[] };
    };
    const targets = state.deployment.resources
        .map((r) => r.urn)
        .filter((urn) => urns.some((name) => urn.endsWith(`::${name}`)));
    const up = await pulumi("up", "--yes", "--skip-preview", ...targets.flatMap((urn) => ["--target-replace", urn]));
    note("by-hand.txt", up.text);
    expect(up.code).toBe(0);
    expect((await on("gematria", "tail", "-1", "/etc/caddy/Caddyfile")).stdout).toBe("}\n");
    expect((await on("gematria", "systemctl", "is-active", "pdns")).stdout.trim()).toBe("active");
    expect((await on("gematria", "systemctl", "is-enabled", "pdns")).stdout.trim()).toBe("enabled");
});
