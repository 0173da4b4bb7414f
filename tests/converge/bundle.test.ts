import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleFile, bundleOf, placeBundle, readProgram } from "../../components/converge/bundle";
import { canonical } from "../../components/converge/canonical";
import { commandLine, installLine, program, upload } from "../../components/converge/command";

let folder: string;
beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bundle-"));
});
afterEach(() => {
    rmSync(folder, { recursive: true });
});

test("a bundle is the same whatever order its files came in, and is named by its hash", () => {
    const bundle = bundleOf({ "converge/a.py": "ä = 1\n", "converge.py": "x\n" });
    expect(bundle).toEqual(bundleOf({ "converge.py": "x\n", "converge/a.py": "ä = 1\n" }));
    expect(bundle.text).toBe('{"converge.py":"x\\n","converge/a.py":"ä = 1\\n"}');
    expect(bundle.sha256).toBe(createHash("sha256").update(Buffer.from(bundle.text, "utf8")).digest("hex"));
});

test("the program is the launcher and its modules, and nothing that Python left beside them", () => {
    mkdirSync(join(folder, "converge/__pycache__"), { recursive: true });
    for (const name of ["converge.py", "ruff.toml", "converge/a.py", "converge/a.pyc", "converge/__pycache__/a.pyc"])
        writeFileSync(join(folder, name), name);
    expect(readProgram(folder)).toEqual({ "converge.py": "converge.py", "converge/a.py": "converge/a.py" });
    expect(Object.keys(readProgram())).toEqual(expect.arrayContaining(["converge.py", "converge/bootstrap.py"]));
});

test("a bundle is put in its place when another one is there, and left alone when it is the same", () => {
    const file = join(folder, bundleFile);
    for (const text of ["1", "2"]) {
        const bundle = bundleOf({ "converge.py": text });
        placeBundle(bundle, folder);
        expect(readFileSync(file, "utf8")).toBe(bundle.text);
        const { ino } = statSync(file);
        placeBundle(bundle, folder);
        expect(statSync(file).ino).toBe(ino);
        expect(readdirSync(join(file, ".."))).toEqual(["converge-program.json"]);
    }
});

describe("the line that installs, as the login shell of a node runs it", () => {
    /** Runs the line below a root directory, with a systemctl that finds everything enabled. */
    function install(sha256: string): { status: number | null; stdout: string; stderr: string } {
        const stubs = join(folder, "stubs");
        mkdirSync(stubs, { recursive: true });
        writeFileSync(join(stubs, "systemctl"), "#!/bin/sh\necho LoadState=loaded\necho UnitFileState=enabled\n");
        chmodSync(join(stubs, "systemctl"), 0o755);
        const line = installLine("root").replace("'/usr/local", `'${folder}/usr/local`);
        const header = { version: 1, fleet: "dev", node: "alice", incarnation: 1 };
        return spawnSync("sh", ["-c", `${line} --root "${folder}"`], {
            input: canonical({ ...header, program: sha256 }),
            encoding: "utf8",
            env: { HOME: folder, PATH: `${stubs}:${process.env["PATH"] ?? ""}` },
        });
    }
    const bundle = bundleOf(readProgram());

    test("it installs the upload and takes it away; then the copy that is kept serves", () => {
        writeFileSync(join(folder, upload), bundle.text);
        expect(install(bundle.sha256)).toMatchObject({ status: 0, stderr: "" });
        expect(readFileSync(join(folder, program), "utf8")).toBe(readProgram()["converge.py"]);
        expect(existsSync(join(folder, upload))).toBe(false);
        expect(install(bundle.sha256)).toMatchObject({ status: 0, stderr: "" });
    });

    test("an upload that is not the one wanted is refused", () => {
        writeFileSync(join(folder, upload), bundleOf({ ...readProgram(), "converge.py": "pass\n" }).text);
        const { status, stderr } = install(bundle.sha256);
        expect([status, stderr]).toEqual([1, expect.stringContaining("run `up` again")]);
        expect(existsSync(join(folder, program))).toBe(false);
    });
});

test("every line is constant, asks no password, and says which file tells who acts", () => {
    const lines = [installLine("pi"), commandLine("apply", "pi"), commandLine("release", "pi")];
    for (const line of lines) {
        expect(line).toMatch(/^sudo -n python3 -I /);
        expect(line).toMatch(/ --auth "\$\{SSH_USER_AUTH:-\}"$/);
    }
    expect(commandLine("apply", "root")).toBe(`python3 -I -S ${program} apply --auth "\${SSH_USER_AUTH:-}"`);
});
