import { resolve } from "node:path";
import { differences, diskOf } from "./program/disk";
import { start } from "./program/spare";
import { tokensOf, lab, must, note, on, root, run, type Result } from "./support";

const user = "stranger";
const home = "/tmp/sovereign-edge-stranger";
const clone = `${home}/clone`;

/** A command of somebody without any privilege, with a home, a clone and an SSH agent of their own. */
function stranger(argv: readonly string[], input = ""): Promise<Result> {
    const environment = [
        `HOME=${home}`,
        `USER=${user}`,
        `PATH=${process.env["PATH"] ?? ""}`,
        "PULUMI_SKIP_UPDATE_CHECK=true",
        `SSH_AUTH_SOCK=${home}/agent`,
    ];
    const inClone = ["sh", "-c", 'cd "$0" && exec "$@"', clone, ...argv];
    return run(
        ["tools/node", "lab/main.ts", "exec", "--user", user, "operator", "--", "env", ...environment, ...inClone],
        { input },
    );
}

/** A verb of `./fleet` on the stranger's stack. */
const fleet = (...args: string[]): Promise<Result> => stranger(["./fleet", "-s", "home", ...args]);

/** What npm tells its scripts, root's cache among it, is not for a stranger. */
const withoutNpm = Object.keys(process.env)
    .filter((name) => name.toLowerCase().startsWith("npm_"))
    .flatMap((name) => ["-u", name]);
const asStranger = (...argv: string[]): string[] => [
    "runuser",
    "-u",
    user,
    "--",
    "env",
    ...withoutNpm,
    `HOME=${home}`,
    ...argv,
];

beforeAll(async () => {
    await run(["userdel", user]);
    await must(["rm", "-rf", home]);
    await must(["useradd", "--no-create-home", "--home-dir", home, "--shell", "/bin/sh", user]);
    await must(["install", "-d", "-o", user, "-m", "0700", home]);
    await start("box");
    before = await diskOf("box");
    // What a stranger would clone, with the toolchain that set-up found in the cache.
    await must(["git", "clone", "-q", root, clone]);
    await must([
        "cp",
        "-a",
        process.env["PULUMI_HOME"] ?? resolve(process.env["HOME"] ?? "/root", ".pulumi"),
        `${home}/.pulumi`,
    ]);
    await must(["chown", "-R", `${user}:`, `${home}/.pulumi`, clone]);
    const setup = await must(asStranger("sh", "-c", `cd ${clone} && tools/setup`));
    note("stranger-setup.txt", setup.text);
    await must(asStranger("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${home}/id`));
});

afterAll(async () => {
    await run(["pkill", "-u", user]);
    await lab("power", "off", "box");
    await run(["userdel", user]);
    await must(["rm", "-rf", home]);
});

/** Key that lets the stranger in; certificates and the account they belong to, which stay and are listed. */
const kept = /\/home\/admin\/\.ssh\/| \/var\/lib\/caddy\b|^. (passwd|group) caddy:/;
let before: Set<string>;

describe("a stranger with one box", () => {
    test("init writes an inventory and says what to keep a copy of", async () => {
        const init = await stranger(["./fleet", "init", "home"]);
        note("stranger-init.txt", init.text);
        expect([init.code, init.text]).toEqual([0, expect.stringContaining("stacks/home.yaml")]);
        expect(init.text).toContain("passphrase");
    });

    test("each failure on the way ends in one line that says what to do", async () => {
        const add = (address: string, login: string): Promise<Result> =>
            fleet("add", "box", address, "--user", login, "--yes");
        const noAgent = await add("192.168.8.20", "admin");
        expect([noAgent.code, noAgent.text]).toEqual([1, expect.stringMatching(/ssh-agent|ssh-add/)]);
        await must(
            asStranger(
                "sh",
                "-c",
                `ssh-agent -a ${home}/agent >/dev/null && SSH_AUTH_SOCK=${home}/agent ssh-add -q ${home}/id`,
            ),
        );
        const notLetIn = await add("192.168.8.20", "admin");
        expect([notLetIn.code, notLetIn.text]).toEqual([1, expect.stringMatching(/authorized_keys|--user/)]);
        const key = (await must(["cat", `${home}/id.pub`])).stdout.trim();
        await on("box", "sh", "-c", `echo '${key}' >> /home/admin/.ssh/authorized_keys`);
        const wrongUser = await add("192.168.8.20", "nobody-here");
        expect([wrongUser.code, wrongUser.text]).toEqual([1, expect.stringContaining("--user")]);
        const nobody = await add("192.168.8.99", "admin");
        expect([nobody.code, nobody.text]).toEqual([1, expect.stringContaining("192.168.8.99")]);
        await lab("set", "box", "no-sudo");
        const noSudo = await add("192.168.8.20", "admin");
        await lab("set", "box", "sudo");
        expect([noSudo.code, noSudo.text]).toEqual([1, expect.stringMatching(/sudoers|NOPASSWD/)]);
        await on(
            "box",
            "sh",
            "-c",
            `printf '#!/bin/sh\\nexec /usr/bin/date -d "+1 hour" "$@"\\n' >/usr/local/bin/date && chmod 755 /usr/local/bin/date`,
        );
        const wrongClock = await add("192.168.8.20", "admin");
        await on("box", "rm", "/usr/local/bin/date");
        expect([wrongClock.code, wrongClock.text]).toEqual([1, expect.stringMatching(/clock.*timedatectl/)]);
        await on(
            "box",
            "sh",
            "-c",
            "mv /etc/os-release /etc/os-release.aside && printf 'ID=alpine\\nVERSION_ID=3.22\\nPRETTY_NAME=Alpine\\n' >/etc/os-release",
        );
        const otherSystem = await add("192.168.8.20", "admin");
        await on("box", "mv", "/etc/os-release.aside", "/etc/os-release");
        expect([otherSystem.code, otherSystem.text]).toEqual([1, expect.stringMatching(/Alpine.*Debian 12/)]);
        const tooEarly = await fleet("up");
        expect([tooEarly.code, tooEarly.text]).toEqual([2, expect.stringContaining("./fleet add")]);
    });

    test("add, pin, up, and the printed curl answers on the LAN over the fleet's own CA", async () => {
        const fingerprint = /SHA256:\S+/.exec(
            (await on("box", "ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key.pub")).stdout,
        )![0];
        const wrong = await fleet(
            "add",
            "box",
            "192.168.8.20",
            "--user",
            "admin",
            "--fingerprint",
            "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        );
        expect([wrong.code, wrong.text]).toEqual([1, expect.stringContaining(fingerprint)]);
        const add = await fleet("add", "box", "192.168.8.20", "--user", "admin", "--fingerprint", fingerprint);
        note("stranger-add.txt", add.text);
        expect(add.code).toBe(0);
        const unpinned = await fleet("up");
        expect([unpinned.code, unpinned.text]).toEqual([2, expect.stringContaining("./fleet pin")]);
        const pin = await fleet("pin");
        note("stranger-pin.txt", pin.text);
        expect([pin.code, pin.text]).toEqual([0, expect.stringContaining("first use")]);
        const up = await fleet("up");
        note("stranger-up.txt", `${up.text}\n${up.seconds} s`);
        expect(up.code).toBe(0);
        const line = up.stdout
            .split("\n")
            .find((text) => text.includes("curl ") && text.includes("/v1/chat/completions"))!
            .trim();
        expect(line).toContain("--cacert");
        const answer = await stranger(["sh", "-c", line]);
        expect(answer.code).toBe(0);
        expect(tokensOf(answer.stdout)).toBeGreaterThan(0);
        const again = await fleet("up");
        expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/\b0 changed\b/)]);
    });

    test("reset takes everything of ours off the box, file by file, and the next up brings it back", async () => {
        const asked = await fleet("reset", "box", "--yes-destroy", "hom");
        expect(asked.code).not.toBe(0);
        const reset = await fleet("reset", "box", "--yes-destroy", "home");
        note("stranger-reset.txt", reset.text);
        expect(reset.code).toBe(0);
        const found = differences(before, await diskOf("box"), kept);
        note("stranger-reset-differences.txt", found.join("\n"));
        expect(found).toEqual([]);
        const again = await fleet("up");
        expect([again.code, again.text]).toEqual([0, expect.stringMatching(/\bbox +changed\b/)]);
        expect((await fleet("up")).text).toMatch(/\b0 changed\b/);
    });

    test("destroy asks for the fleet's name, releases the box and forgets it", async () => {
        const asked = await fleet("destroy", "--yes-destroy", "hom");
        expect(asked.code).not.toBe(0);
        await on("box", "systemctl", "is-active", "caddy");
        const destroy = await fleet("destroy", "--yes-destroy", "home");
        note("stranger-destroy.txt", destroy.text);
        expect(destroy.code).toBe(0);
        const found = differences(before, await diskOf("box"), kept);
        note("stranger-destroy-differences.txt", found.join("\n"));
        expect(found).toEqual([]);
        const listening = await on("box", "ss", "-Hltn");
        expect(listening.stdout).not.toMatch(/:443\s/);
    });
});
