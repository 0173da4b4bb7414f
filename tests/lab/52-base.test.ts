import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { spawn } from "node:child_process";
import { attempt, textOf } from "./program/spare";
import { fleet, must, note, on, operator, place, root, until, withInventory, type Result } from "./support";

/*
 * The base of the dev fleet's machines: the firewall, and people. The operator stands in the LAN of alice and cecilia, and
 * reaches gematria through NAT, as anybody on the internet does.
 */

const [alice, gematria] = ["192.168.8.11", "203.0.113.10"];
const rules = "/etc/sovereign-edge/firewall.nft";
const keys = mkdtempSync(join(tmpdir(), "people-"));

/** What comes of a TCP connection: `open`, `refused` at once, or `silence` for two seconds. */
async function knock(from: string, host: string, port: number): Promise<string> {
    const script = [
        "import socket, sys",
        "try:",
        "    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()",
        "    print('open')",
        "except TimeoutError:",
        "    print('silence')",
        "except ConnectionRefusedError:",
        "    print('refused')",
    ].join("\n");
    return (await on(from, "python3", "-c", script, host, `${port}`)).stdout.trim();
}

/** `./fleet up` that must succeed. */
async function up(name: string, ...nodes: string[]): Promise<string> {
    const { code, text } = await fleet("up", ...nodes);
    note(`base-${name}.txt`, text);
    if (code !== 0) throw new Error(`./fleet up ended with ${code}:\n${text}`);
    return text;
}

/** A person's public key; the private one lies in `keys`. */
async function keyOf(person: string): Promise<string> {
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", join(keys, person)]);
    return readFileSync(join(keys, `${person}.pub`), "utf8").trim();
}

const pinned = ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${resolve(root, "stacks/dev.known_hosts")}`];
const alone = ["IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes", "HostKeyAlias=alice"];

/** What starts ssh to alice as somebody, with one person's key alone and the fleet's pin. */
const sshAs = (login: string, key: string, ...words: string[]): string[] => [
    "ssh",
    ...["-F", "/dev/null", "-i", join(keys, key), "-l", login],
    ...[...pinned, ...alone].flatMap((option) => ["-o", option]),
    ...words,
];
const login = (person: string, ...command: string[]): Promise<Result> =>
    operator(sshAs(person, person, alice, ...command));

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    for (const node of ["alice", "gematria"]) {
        // A service that no inventory knows of, on all addresses.
        await on(node, "systemd-run", "--quiet", "--unit=stray", "python3", "-m", "http.server", "9999");
        await on(node, "nft", "add table ip others; add chain ip others kept; add rule ip others kept counter");
    }
});

afterAll(async () => {
    rmSync(keys, { recursive: true, force: true });
    for (const node of ["alice", "gematria"]) {
        await attempt(node, "systemctl", "stop", "stray");
        await attempt(node, "nft", "delete", "table", "ip", "others");
    }
});

describe("the firewall", () => {
    test("lets in what the plan says, from where it says, and nothing else", async () => {
        await until("the stray service", 10, async () => (await knock("alice", "127.0.0.1", 9999)) === "open");
        const found = {
            "internet to caddy": await knock("operator", gematria, 443),
            "internet to sshd": await knock("operator", gematria, 22),
            "internet to a stray service": await knock("operator", gematria, 9999),
            "LAN to sshd": await knock("operator", alice, 22),
            "LAN to a stray service": await knock("operator", alice, 9999),
            "neighbour to a stray service": await knock("cecilia", alice, 9999),
            "gateway to the engine": await knock("gematria", "10.44.0.12", 8512),
            "another node to the engine": await knock("alice", "10.44.0.12", 8512),
            "mesh to a stray service": await knock("cecilia", "10.44.0.11", 9999),
        };
        expect(found).toEqual({
            "internet to caddy": "open",
            "internet to sshd": "open",
            "internet to a stray service": "silence",
            "LAN to sshd": "open",
            "LAN to a stray service": "silence",
            "neighbour to a stray service": "silence",
            "gateway to the engine": "open",
            "another node to the engine": "refused",
            "mesh to a stray service": "refused",
        });
        expect((await on("cecilia", "ping", "-c1", "-W2", alice)).code).toBe(0);
    });

    test("comes back when Debian's nftables.service, which flushes every table, is restarted or reloaded", async () => {
        await on("alice", "systemctl", "start", "nftables");
        for (const verb of ["reload", "restart"]) {
            await on("alice", "systemctl", verb, "nftables");
            expect([verb, await knock("operator", alice, 9999)]).toEqual([verb, "silence"]);
        }
        await on("alice", "systemctl", "stop", "nftables");
        await on("alice", "systemctl", "start", "sovereign-edge-firewall");
        await on("alice", "nft", "add table ip others; add chain ip others kept; add rule ip others kept counter");
        expect(await knock("operator", alice, 9999)).toBe("silence");
    });

    test("flushed by hand is named by status, with what brings it back", async () => {
        await on("alice", "nft", "delete", "table", "inet", "sovereign_edge");
        const status = await fleet("status", "alice");
        expect(status.code).toBe(1);
        const [, command = ""] =
            /alice: its firewall is not in force .* On the machine: sudo (.*)/.exec(status.text) ?? [];
        expect(await knock("operator", alice, 9999)).toBe("open");
        await on("alice", ...command.split(" "));
        expect(await knock("operator", alice, 9999)).toBe("silence");
        expect((await fleet("status", "alice")).code).toBe(0);
    });
});

/** Every table but ours. */
async function othersTables(node: string): Promise<string> {
    const { stdout } = await on(node, "sh", "-c", "iptables-save; nft list table ip others");
    return stdout.replaceAll(/^#.*\n|\[\d+:\d+\]|packets \d+ bytes \d+/gm, "");
}

describe("with Docker on the relay, and two people", () => {
    const [relayed, passes] = [
        "cecilia:  { hardware: amd64-2gb, location: attic",
        "-A DOCKER-USER -i wg0 -o wg0 -j ACCEPT\n",
    ];
    let edits: (readonly [string, string])[];
    let untouched: string;

    beforeAll(async () => {
        await on("gematria", "sh", "-c", readFileSync(join(__dirname, "program/docker.sh"), "utf8"));
        untouched = await othersTables("gematria");
        const [mira, sven] = [await keyOf("mira"), await keyOf("sven")];
        edits = [
            ["locations:\n", `people:\n  mira: ${mira}\n  sven: ${sven}\nlocations:\n  attic: {}\n`],
            ["cecilia:  { hardware: amd64-2gb, location: home", relayed],
        ];
        // Others may write there too, and cloud-init does.
        const text = "PasswordAuthentication yes\\nPermitRootLogin yes\\nKbdInteractiveAuthentication yes\\n";
        await on(
            "alice",
            "sh",
            "-c",
            `printf '${text}' >/etc/ssh/sshd_config.d/50-cloud-init.conf && systemctl reload ssh`,
        );
        await withInventory(edits, async () => {
            // Two nodes stop being peers in a run that changes both their firewalls.
            await up("people-come");
        });
    });

    afterAll(async () => {
        await attempt("alice", "rm", "-f", "/etc/ssh/sshd_config.d/50-cloud-init.conf");
        await attempt("gematria", "systemctl", "stop", "shop");
        await attempt(
            "gematria",
            "sh",
            "-c",
            "nft delete table ip filter; nft delete table ip nat; ip link delete docker0; ip netns delete shop",
        );
    });

    test("a port that Docker publishes is closed unless the plan opens the same one", async () => {
        expect(await knock("operator", gematria, 8088)).toBe("silence");
        expect((await operator(["curl", "-s", "--max-time", "5", `http://${gematria}/`])).stdout).toBe(
            "from the container\n",
        );
        expect((await on("gematria", "curl", "-s", "http://172.17.0.2/")).stdout).toBe("from the container\n");
        expect(
            (await attempt("gematria", "ip", "netns", "exec", "shop", "ping", "-c1", "-W2", "203.0.113.53")).code,
        ).toBe(0);
    });

    test("the relay passes packets on, by one rule in the chain that Docker keeps for others; all else is as it was", async () => {
        const ping = await attempt("alice", "ping", "-c3", "-W2", "-I", "wg0", "10.44.0.12");
        expect(ping.text).toMatch(/ttl=63/);
        const found = await othersTables("gematria");
        expect(found).toContain(passes);
        expect(found.replace(passes, "")).toBe(untouched);
        expect(await textOf("gematria", rules)).toContain('comment "relay"');
    });

    test("a person logs in with her key and is root by sudo", async () => {
        const { code, text } = await login("mira", "id -un; sudo -n id -un; ls -ld ~ | cut -c1-10");
        expect([code, text]).toEqual([0, "mira\nroot\ndrwx------\n"]);
        expect((await login("sven", "sudo -n -l")).text).toContain("(ALL : ALL) NOPASSWD: ALL");
    });

    test("sshd takes keys alone, from root too, whatever cloud-init wrote", async () => {
        const only = ["-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password,keyboard-interactive"];
        for (const who of ["mira", "root", "admin"]) {
            const { code, text } = await operator(sshAs(who, "mira", ...only, alice, "true"));
            expect([who, code, text]).toEqual([
                who,
                255,
                expect.stringMatching(/Permission denied \(publickey\)\.\s*$/),
            ]);
        }
        expect((await operator(sshAs("root", "mira", alice, "true"))).text).toMatch(/Permission denied \(publickey\)/);
        expect((await on("alice", "sshd", "-T")).stdout).toMatch(/^permitrootlogin without-password$/m);
    });

    test("who leaves is out at once: session, key, account and sudo; what others have stays", async () => {
        const argv = place("operator", ...sshAs("mira", "mira", alice, "echo in; sleep 600"));
        const session = spawn(argv[0]!, argv.slice(1), { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
        const ended = new Promise<number | null>((done) => session.on("close", done));
        await new Promise((done) => session.stdout.once("data", done));
        const without = edits.map(([from, to]) => [from, to.replace(/ {2}mira: .*\n/, "")] as const);
        await withInventory(without, async () => {
            const { text } = await fleet("preview");
            expect(text).toMatch(/mira is logged out and may not log in any more; the files stay/);
            await up("mira-leaves");
        });
        expect(await ended).not.toBe(0);
        expect((await login("mira", "true")).text).toMatch(/Permission denied \(publickey\)/);
        expect((await attempt("alice", "pgrep", "-u", "mira")).stdout).toBe("");
        expect((await attempt("alice", "test", "-e", "/etc/ssh/authorized_keys.d/mira")).code).toBe(1);
        expect((await on("alice", "getent", "shadow", "mira")).stdout).toMatch(/:1:\n$/);
        expect((await attempt("alice", "su", "mira", "-c", "sudo -n true")).code).not.toBe(0);
        expect((await login("sven", "sudo -n id -un")).text).toBe("root\n");
        expect((await on("alice", "ls", "-d", "/home/mira")).stdout).toBe("/home/mira\n");
    });

    test("with the last person the fleet's sudo goes, and what the machine had stays; the relay's rule goes too", async () => {
        const { text } = await fleet("preview");
        note("base-last-preview.txt", text);
        expect(text).toContain("sven is logged out and may not log in any more; the files stay");
        expect(text).toContain("packages purged, unless they were there before or something else needs them: sudo");
        await up("last-leaves");
        expect((await login("sven", "true")).text).toMatch(/Permission denied \(publickey\)/);
        expect((await attempt("alice", "test", "-e", "/etc/sudoers.d/sovereign-edge-people")).code).toBe(1);
        // It came with the machine, and admin needs it.
        expect((await on("alice", "su", "admin", "-c", "sudo -n id -un")).stdout).toBe("root\n");
        expect(await textOf("gematria", rules)).not.toContain('comment "relay"');
    });
});
