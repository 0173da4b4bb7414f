import { cgroupOf, processesIn } from "../../lab/cgroup";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { gunzipSync } from "node:zlib";
import { join, resolve } from "node:path";
import { spawn } from "node:child_process";
import { ask, fleet, must, note, notes, on, operator, pulumi, root, until, withInventory } from "./support";

const nodes = ["alice", "cecilia", "gematria"];
const canary = `canary-${randomBytes(12).toString("hex")}`;
const rotated = `canary+/~-${randomBytes(12).toString("hex")}`;

/** A secret in every form it could be written in by accident. */
function forms(secret: string): string[] {
    const raw = Buffer.from(secret);
    // A base64 of a longer text holds that of the secret at one of three alignments.
    const aligned = [0, 1, 2].map((pad) =>
        Buffer.concat([Buffer.alloc(pad), raw])
            .toString("base64")
            .slice(pad === 0 ? 0 : pad + 1, -4),
    );
    const plain = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), raw.toString("hex")];
    // And in the alphabet of URLs (RFC 4648 §5).
    const forUrls = aligned.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
    return [...new Set([...plain, ...aligned, ...forUrls])];
}

/** Every process of the machines: whatever they run later descends from one of these. */
const processesOfMachines = (): string[] => nodes.flatMap((node) => processesIn(cgroupOf(node)).map(String));

async function secretsOfTheFleet(): Promise<string[]> {
    const shown = await pulumi("stack", "export", "--show-secrets");
    const resources = (
        JSON.parse(shown.stdout) as { deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] } }
    ).deployment.resources;
    const generated = resources.flatMap(({ type, outputs }) =>
        type === "random:index/randomBytes:RandomBytes"
            ? [outputs!["base64"]]
            : type === "random:index/randomPassword:RandomPassword"
              ? [outputs!["result"]]
              : type === "tls:index/privateKey:PrivateKey"
                ? [outputs!["privateKeyPem"]]
                : [],
    );
    const plain = generated.map((value) => {
        const text = typeof value === "string" ? value : (value as { plaintext: string }).plaintext;
        const secret = text.startsWith('"') ? (JSON.parse(text) as string) : text;
        // Of a key in PEM its first line: the others follow it wherever it goes.
        return secret.replace(/^-----BEGIN [^\n]*\n([^\n]+)\n[\s\S]*$/, "$1");
    });
    const privateKeys = await Promise.all(
        nodes.map(async (node) => (await on(node, "wg", "show", "wg0", "private-key")).stdout.trim()),
    );
    const pairs = await on("gematria", "sh", "-c", "wg show wg0 preshared-keys | cut -f2");
    return [...plain, ...privateKeys, ...pairs.stdout.trim().split("\n")];
}

/** What a file says: the engine's logs are compressed until it has a key to encrypt them with. */
function plainText(file: string): string {
    const bytes = readFileSync(file);
    return (bytes.subarray(0, 2).toString("hex") === "1f8b" ? gunzipSync(bytes) : bytes).toString("latin1");
}

function filesBelow(directory: string): string[] {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
}

/** Another value for the same key: its generation shows in the preview, and only its user is touched. Gives all that was printed. */
async function rotate(): Promise<string[]> {
    const set = await operator(["./fleet", "-s", "dev", "secret", "set", "gateway-key.web"], { input: rotated });
    const preview = await fleet("preview");
    note("rotation-preview.txt", preview.text);
    expect([set.code, preview.code]).toEqual([0, 0]);
    expect(preview.stdout).toMatch(/gateway-key\.web\b.*\b1\b.*\b2\b/);
    const roles = new Set(preview.stdout.match(/\S+ on (alice|cecilia|gematria)/g));
    expect([...roles].sort()).toEqual(["caddy on gematria", "finish on gematria", "secrets on gematria"]);
    const up = await fleet("up");
    note("rotation-up.txt", up.text);
    expect(up.code).toBe(0);
    await expect(ask([`Authorization: Bearer ${canary}`])).rejects.toThrow(/asks for a key/);
    expect(await ask([`Authorization: Bearer ${rotated}`])).toBeGreaterThan(0);
    const history = await fleet("history", "gematria");
    expect([history.code, history.text]).toEqual([0, expect.stringContaining("gateway-key.web (generation 2)")]);
    return [set, preview, up, history].map(({ text }) => text);
}

test("no secret is found outside the files that are meant to hold it", async () => {
    await must(["npm", "run", "-s", "up"]);
    const begun = Date.now();
    const config = readFileSync(resolve(root, "Pulumi.dev.yaml"), "utf8");
    const lockFile = resolve(root, "stacks/dev.lock.yaml");
    const lock = readFileSync(lockFile, "utf8");
    const trace = resolve(notes, "execve.txt");
    note("execve.txt", "");
    const roots = processesOfMachines();
    expect(roots.length).toBeGreaterThan(3 * 5);
    const tracer = spawn(
        "strace",
        ["-f", "-qq", "-s", "100000", "-e", "trace=execve", "-o", trace, ...roots.flatMap((pid) => ["-p", pid])],
        { stdio: "ignore" },
    );
    const outputs: string[] = [];
    try {
        await until("the tracer", 10, async () => {
            await fleet("ssh", "alice", "--", "true");
            return statSync(trace).size > 0;
        });
        await withInventory([["public: ai.dev.example", "public: ai.dev.example, keys: [web]"]], async () => {
            const refused = await fleet("up");
            expect([refused.code, refused.text]).toEqual([
                2,
                expect.stringContaining("./fleet secret set gateway-key.web"),
            ]);
            const set = await operator(["./fleet", "-s", "dev", "secret", "set", "gateway-key.web"], { input: canary });
            expect([set.code, set.text]).toEqual([0, expect.stringContaining("gateway-key.web")]);
            const steps = [
                await fleet("secret", "list"),
                await fleet("preview"),
                await pulumi("preview", "--diff"),
                await operator([
                    "strace",
                    "-f",
                    "-qq",
                    "-s",
                    "100000",
                    "-e",
                    "trace=execve",
                    "-o",
                    `${trace}.operator`,
                    "./fleet",
                    "-s",
                    "dev",
                    "up",
                ]),
                await fleet("--json", "status"),
                await pulumi("stack", "export"),
            ];
            expect(steps.map((step) => step.code)).toEqual([0, 0, 0, 0, 0, 0]);
            outputs.push(set.text, ...steps.map((step) => step.text));
            await expect(ask()).rejects.toThrow(/asks for a key/);
            expect(await ask([`Authorization: Bearer ${canary}`])).toBeGreaterThan(0);
            outputs.push(...(await rotate()));
        });
    } finally {
        tracer.kill("SIGTERM");
        writeFileSync(resolve(root, "Pulumi.dev.yaml"), config);
        writeFileSync(lockFile, lock);
    }
    outputs.push(readFileSync(trace, "utf8"), readFileSync(`${trace}.operator`, "utf8"));
    expect(outputs.at(-2)).toMatch(/execve\(.*converge\.py/);
    const secrets = [canary, rotated, ...(await secretsOfTheFleet())].flatMap(forms);
    expect(secrets.length).toBeGreaterThan(40);
    const hits = (where: string, text: string): string[] =>
        secrets.filter((secret) => text.includes(secret)).map(() => where);

    const engineLogs = resolve(process.env["PULUMI_HOME"] ?? `${homedir()}/.pulumi`, "logs");
    const operatorFiles = [".lab/log", ".state", ".lab/checks", engineLogs]
        .map((directory) => resolve(root, directory))
        .filter((directory) => existsSync(directory))
        .flatMap(filesBelow)
        .filter((file) => statSync(file).mtimeMs >= begun);
    const found = [
        ...outputs.flatMap((text, index) => hits(`output ${index}`, text)),
        ...operatorFiles.flatMap((file) => hits(file, plainText(file))),
    ];
    const onNodes = await Promise.all(
        nodes.map(async (node) => {
            const journal = (await on(node, "journalctl", "-o", "export", "--no-pager")).stdout;
            // Everything of ours and everything that logs, apart from the files that are the secrets' place.
            const kept =
                "/etc/wireguard|/etc/caddy/credentials|/etc/sovereign-edge/credentials|/var/lib/sovereign-edge/secrets";
            const files = await on(
                node,
                "sh",
                "-c",
                `find /etc /var/log /var/lib/sovereign-edge /usr/local /run /tmp /home /root -xdev -type f -size -4M 2>/dev/null | grep -Ev '^(${kept})/' | xargs -d '\\n' cat 2>/dev/null | tr -d '\\000'`,
            );
            return [...hits(`${node}: journal`, journal), ...hits(`${node}: files`, files.stdout)];
        }),
    );
    expect([...found, ...onNodes.flat()]).toEqual([]);
    // What may hold secrets is for root and its service alone.
    for (const node of nodes) {
        const open = await on(node, "find", "/etc/wireguard", "/var/lib/sovereign-edge", "-type", "f", "-perm", "/007");
        expect(open.stdout).toBe("");
    }
    rmSync(trace);
    rmSync(`${trace}.operator`);
    // Without the key in the inventory it leaves the machine, too.
    expect((await fleet("up")).code).toBe(0);
    const left = await on(
        "gematria",
        "sh",
        "-c",
        `grep -rl -e ${canary} -e ${rotated} /etc /var/lib/sovereign-edge || true`,
    );
    expect(left.stdout).toBe("");
    expect(await ask()).toBeGreaterThan(0);
});
