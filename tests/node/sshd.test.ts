import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Role } from "../../components/converge/schema";
import { renderSshd } from "../../components/node/sshd/render";
import { run, type Finished } from "../../tools/cli/process";
import { cleanUp, closedPort, makeRoot, serve } from "../cli/support";

afterEach(cleanUp);

const role = renderSshd("192.168.8.11", 22);
const [path, file] = Object.entries(role.files!)[0]!;

test("what it asks of sshd, and that it is undone when nobody gets in any more", () => {
    expect(path).toBe("/etc/ssh/sshd_config.d/00-sovereign-edge.conf");
    expect(file.text.split("\n").filter((line) => /^[A-Z]/.test(line))).toEqual([
        "ExposeAuthInfo yes",
        "MaxStartups 30:60:100",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitEmptyPasswords no",
        "PermitRootLogin prohibit-password",
        "AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2 /etc/ssh/authorized_keys.d/%u",
        "HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519",
        "KexAlgorithms -ecdh-sha2-*,diffie-hellman-*",
        "MACs -umac-64*,hmac-sha1*",
        "X11Forwarding no",
        "LoginGraceTime 30",
    ]);
    expect(role.requires).toEqual({ os: { "debian-12": true, "debian-13": true, "ubuntu-24.04": true } });
    expect(role.confirm).toEqual({ window: 60 });
    expect(role.units).toEqual({ "ssh.service": { enabled: true, running: true, reloadOn: { [path]: true } } });
});

/** Runs the validator on a configuration of its own, with an sshd that accepts what does not say `Bad`. */
async function validate(files: Readonly<Record<string, string>>): Promise<Finished & { root: string; seen: string }> {
    const sshd = [
        "#!/bin/sh",
        'shown=$(sed -n "s/^Include //p" "$3")',
        'for file in "$3" $shown; do echo "$file: $(cat "$file")"; done >"$(dirname "$0")/seen"',
        'bad=$(grep -l Bad "$3" $shown) || exit 0',
        'echo "$bad: line 1: Bad configuration option"; exit 255',
    ];
    const root = makeRoot({ ...files, sshd: sshd.join("\n") });
    chmodSync(join(root, "sshd"), 0o755);
    const config = join(root, "etc/ssh/sshd_config");
    writeFileSync(config, readFileSync(config, "utf8").replace("ROOT", root));
    mkdirSync(join(root, "etc/ssh/sshd_config.d"), { recursive: true });
    mkdirSync(join(root, "tmp"));
    const [program = "", ...args] = file.validate!.map((word) =>
        word
            .replaceAll("/usr/sbin/sshd", join(root, "sshd"))
            .replaceAll("/etc/ssh/", `${root}/etc/ssh/`)
            .replaceAll("{}", join(root, "staged/00-sovereign-edge.conf")),
    );
    const env = { ...process.env, TMPDIR: join(root, "tmp") };
    const done = await run(program, args, { env });
    const seen = existsSync(join(root, "seen")) ? readFileSync(join(root, "seen"), "utf8") : "";
    expect(readdirSync(join(root, "tmp"))).toEqual([]);
    return { ...done, root, seen: seen.replaceAll(/\S*\/tmp\/tmp\.[^/]*\//g, "") };
}

const main = "Include ROOT/etc/ssh/sshd_config.d/*.conf\nPort 22\n";
const staged = { "staged/00-sovereign-edge.conf": "ExposeAuthInfo yes" };

test.each([main, "Include sshd_config.d/*.conf\nPort 22\n"])(
    "the staged file is looked at in its place, among the others",
    async (text) => {
        const { code, seen } = await validate({
            ...staged,
            "etc/ssh/sshd_config": text,
            "etc/ssh/sshd_config.d/50-cloud.conf": "PasswordAuthentication no",
            "etc/ssh/sshd_config.d/00-sovereign-edge.conf": "Bad: edited by hand",
        });
        expect(code).toBe(0);
        expect(seen.trim().split("\n").sort()).toEqual([
            "00-sovereign-edge.conf: ExposeAuthInfo yes",
            "50-cloud.conf: PasswordAuthentication no",
            "Port 22",
            "sshd_config: Include *.conf",
        ]);
    },
);

test("without other files there, too", async () => {
    expect((await validate({ ...staged, "etc/ssh/sshd_config": main })).code).toBe(0);
});

test("what is wrong is refused under the name that people know", async () => {
    const bad = await validate({
        "staged/00-sovereign-edge.conf": "Bad",
        "etc/ssh/sshd_config": main,
    });
    expect([bad.code, bad.stdout]).toEqual([
        1,
        `${bad.root}/etc/ssh/sshd_config.d/00-sovereign-edge.conf: line 1: Bad configuration option\n`,
    ]);
    const other = await validate({ ...staged, "etc/ssh/sshd_config": `${main}Bad\n` });
    expect([other.code, other.stdout]).toEqual([
        1,
        `${other.root}/etc/ssh/sshd_config: line 1: Bad configuration option\n`,
    ]);
});

function checkOf({ checks }: Role): readonly string[] {
    const check = checks!["banner"]!;
    return "argv" in check ? check.argv : [];
}

/** Asks the role's check about a port. */
async function ask(port: number, ...hosts: string[]): Promise<Finished> {
    const [program = "", ...args] = checkOf(role);
    return run(program, [...args.slice(0, args.indexOf("22")), `${port}`, ...hosts]);
}

test("the check passes on an SSH server's first words, at any of the addresses", async () => {
    const ssh = await serve((socket) => socket.write("SSH-2.0-Fake_1\r\n"));
    expect((await ask(ssh.port, "127.0.0.1")).code).toBe(0);
    expect((await ask(ssh.port, "::1", "127.0.0.2", "127.0.0.1")).code).toBe(0);
    const web = await serve((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n"));
    expect((await ask(web.port, "127.0.0.1")).code).toBe(1);
    const { port } = await closedPort();
    expect(await ask(port, "127.0.0.1")).toMatchObject({
        code: 1,
        stderr: `sshd does not answer on port ${port}\n`,
    });
});

test("the check knows where the node is reached", () => {
    expect(checkOf(renderSshd("203.0.113.10", 2222)).slice(-4)).toEqual(["2222", "127.0.0.1", "::1", "203.0.113.10"]);
});
