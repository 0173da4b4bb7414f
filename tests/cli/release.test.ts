import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { readRelease, releaseLine } from "../../tools/cli/release";
import { cleanUp, makeRoot } from "./support";

afterEach(cleanUp);

const log = `log 12 ${"ab".repeat(32)}`;

test.each([
    [0, `changed: released\nkept: /var/lib/caddy\n${log}\n`, "", true, ["changed: released", "kept: /var/lib/caddy"]],
    [0, `unchanged\n${log}`, "", true, ["nothing was on it"]],
    [0, "", "", true, ["nothing was on it"]],
    [
        1,
        "",
        "release: packages: apt-get purge failed\nE: no space\n",
        false,
        ["release: packages: apt-get purge failed", "E: no space"],
    ],
    [137, "", "", false, ["did not end in time"]],
    [255, "", "", false, ["ended with 255"]],
])("exit %d and what was said: %j %j", (code, stdout, stderr, released, words) => {
    expect(readRelease("box", { code, stdout, stderr })).toEqual({ node: "box", released, words });
});

/** What the line does on a machine with these files, with stand-ins for sudo and Python. */
function onMachine(files: readonly string[]): string {
    const root = makeRoot({
        "bin/sudo": '#!/bin/sh\nshift\nexec "$@"\n',
        "bin/python3": '#!/bin/sh\necho "released by $*"\n',
    });
    for (const file of files) mkdirSync(join(root, file), { recursive: true });
    const line = releaseLine("admin").replaceAll(/(?<![\w/])\/(usr\/local\/lib|var\/lib)\//g, `${root}/$1/`);
    spawnSync("chmod", ["+x", join(root, "bin/sudo"), join(root, "bin/python3")]);
    const env = { PATH: `${join(root, "bin")}:/usr/bin:/bin`, SSH_USER_AUTH: "/tmp/auth" };
    return spawnSync("sh", ["-c", line], { env, encoding: "utf8" }).stdout.replaceAll(root, "");
}

test("a machine with neither program nor roles has nothing to release; one of both has", () => {
    const run = "released by -I -S /usr/local/lib/sovereign-edge/converge.py release --auth /tmp/auth\n";
    expect(onMachine([])).toBe("");
    expect(onMachine(["usr/local/lib/sovereign-edge/converge.py"])).toBe(run);
    expect(onMachine(["var/lib/sovereign-edge/roles"])).toBe(run);
});
