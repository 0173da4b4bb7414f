import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import {
    diskStates,
    goCount,
    hostileInputs,
    jestCount,
    powerCuts,
    pytestCount,
    pythonVersions,
    share,
    type Counter,
} from "./count";

/** One check: a command that must end with 0. */
export interface Check {
    readonly name: string;
    readonly argv: readonly string[];
    /** For test runners: how many tests there were; without it the check counts as one. */
    readonly count?: Counter;
    /** A few words for the check's line, out of what it printed. */
    readonly note?: (output: string) => string;
    /** Takes its time, and runs when it is asked for by name. */
    readonly named?: true;
}

const bin = (name: string): string => `node_modules/.bin/${name}`;

/** Every file of the repository that is a POSIX shell script, by its name or its first line. */
function shellFiles(): string[] {
    const files = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n");
    const isScript = (file: string): boolean => /^#!\/bin\/sh\b/.test(readFileSync(file, "utf8").slice(0, 20));
    return files.filter((file) => file.endsWith(".sh") || (/(^|\/)[^.]+$/.test(file) && isScript(file)));
}

/** All checks, the quick ones first. @param python folder of the Python environment's programs */
export function checks(python: string): Check[] {
    return [
        { name: "format", argv: [bin("prettier"), "--check", "."] },
        { name: "lint", argv: [bin("eslint"), "."] },
        { name: "types", argv: [bin("tsc"), "--noEmit"] },
        { name: "shell", argv: ["shellcheck", ...shellFiles()] },
        { name: "ruff", argv: [`${python}/ruff`, "check", "."] },
        ...converge(python),
        { name: "go vet", argv: ["go", "-C", "tools/providers", "vet", "./..."] },
        { name: "go", argv: ["go", "-C", "tools/providers", "test", "-v", "./..."], count: goCount },
        { name: "unit", argv: [bin("jest")], count: jestCount },
        // The plan's arithmetic against a real llama-server.
        {
            name: "capacity",
            argv: [bin("jest"), "--config", "jest.capacity.config.json", "--runInBand", "--verbose"],
            count: jestCount,
        },
        ...uml(),
        ...lab(),
    ];
}

/** Fleets on the lab: of few machines; by name of seven and of twelve in three homes, and what takes many restarts and turns of a machine. */
function lab(): Check[] {
    const argv = [bin("jest"), "--config", "jest.lab.config.json", "--runInBand", "--verbose"];
    return [
        { name: "lab", argv: [...argv, "--testPathIgnorePatterns", "tests/lab/[78]"], count: jestCount },
        { name: "lab-mesh", argv: [...argv, "tests/lab/7"], count: jestCount, named: true },
        { name: "lab-machines", argv: [...argv, "tests/lab/8", "tests/lab/90"], count: jestCount, named: true },
    ];
}

/** On User-mode Linux machines; real power cuts at some steps of a change, and by name at all of them. */
function uml(): Check[] {
    const argv = [bin("jest"), "--config", "jest.uml.config.json", "--runInBand", "--verbose"];
    return [
        { name: "uml", argv: [...argv, "--testPathIgnorePatterns", "tests/uml/converge"], count: jestCount },
        {
            name: "uml-cuts",
            argv: [...argv, "tests/uml/converge.test.ts"],
            count: jestCount,
            note: powerCuts,
        },
        {
            name: "uml-all",
            argv: ["env", "EVERY_CUT=1", ...argv, "tests/uml/converge.test.ts"],
            count: jestCount,
            note: powerCuts,
            named: true,
        },
    ];
}

/** The checks of the program that runs on nodes. */
function converge(python: string): Check[] {
    const program = "components/converge/program";
    return [
        { name: "mypy", argv: [`${python}/mypy`, "--strict", `${program}/converge`] },
        // mypy no longer knows Python 3.9; this one knows since when there is what of the language and its library.
        { name: "vermin", argv: [`${python}/vermin`, "--target=3.9-", "--violations", "--no-tips", program] },
        {
            name: "python",
            argv: ["tools/node", "tools/checks/python.ts", python],
            count: pytestCount,
            note: pythonVersions,
        },
        {
            name: "hostile",
            argv: [`${python}/pytest`, "tests/converge/hostile"],
            count: pytestCount,
            note: hostileInputs,
        },
        { name: "cuts", argv: [`${python}/pytest`, "tests/converge/crash"], count: pytestCount, note: diskStates },
        {
            name: "crash",
            argv: [`${python}/pytest`, "tests/converge/crash/mutations.py"],
            count: pytestCount,
            note: diskStates,
            named: true,
        },
        // The real apt and dpkg, on Debian 13 machines of their own.
        { name: "apt", argv: [`${python}/pytest`, "tests/converge/test_real_apt.py"], count: pytestCount },
        { name: "coverage", argv: ["tools/checks/coverage.sh", `${python}/coverage`, "95"], note: share },
    ];
}
