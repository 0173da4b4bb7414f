/** Tests that passed and failed. */
export interface Count {
    readonly passed: number;
    readonly failed: number;
}

/** Reads the number of tests out of what a runner prints; `undefined` when it is not there, because the run broke off. */
export type Counter = (output: string) => Count | undefined;

/** Jest's summary: `Tests:       1 failed, 56 passed, 57 total`. */
export const jestCount: Counter = (output) => {
    const line = /^Tests: .*$/m.exec(output)?.[0];
    return line === undefined
        ? undefined
        : { passed: number(/(\d+) passed/, line), failed: number(/(\d+) failed/, line) };
};

/** Pytest's last lines, one for each Python that ran: `=== 3 failed, 40 passed in 2.10s ===`. */
export const pytestCount: Counter = (output) => {
    const lines = output.match(/^=+ .*\b(?:passed|failed|error).* in [\d.]+s.* =+$/gm);
    if (lines === null) return undefined;
    const sum = (pattern: RegExp): number => lines.reduce((total, line) => total + number(pattern, line), 0);
    return { passed: sum(/(\d+) passed/), failed: sum(/(\d+) failed/) + sum(/(\d+) error/) };
};

/** The versions that pytest's headers name: `Python 3.9.2, 3.13.5`. */
export const pythonVersions = (output: string): string =>
    `Python ${[...new Set([...output.matchAll(/^platform .* Python (\S+),/gm)].map(([, version]) => version))].join(", ")}`;

/** How much was tried: the lines `122431 hostile inputs` and `30000 documents judged twice`. */
export const hostileInputs = (output: string): string =>
    (output.match(/^\d+ (?:hostile inputs|documents judged twice)$/gm) ?? []).join(", ");

/** What power cuts were tried: the sum of the lines `Web: 214 cuts, 16351 disk states, 4603 distinct, …`. */
export const diskStates = (output: string): string => {
    const found = [...output.matchAll(/^\w+: (\d+) cuts, (\d+) disk states, (\d+) distinct/gm)];
    const [cuts, states, distinct] = [1, 2, 3].map((part) => found.reduce((sum, line) => sum + Number(line[part]), 0));
    return `${cuts ?? 0} cuts, ${states ?? 0} disk states, ${distinct ?? 0} distinct`;
};

/** How often the power went, and what the machines were in then: the lines `cut: web, before … → old (9.1 s)`. */
export const powerCuts = (output: string): string => {
    const versions = [...output.matchAll(/^cut: .* → (.+) \([\d.]+ s\)$/gm)].map(([, version]) => version);
    const tally = [...new Set(versions)].sort().map((one) => `${versions.filter((it) => it === one).length} ${one}`);
    return `${versions.length} power cuts: ${tally.join(", ")}`;
};

/** The share of lines in the last line of coverage's report: `TOTAL  2009  80  96.0%`. */
export const share = (output: string): string => /^TOTAL .* (\S+%)$/m.exec(output)?.[1] ?? "";

/** `go test -v`: one line a test; subtests are indented and not counted. */
export const goCount: Counter = (output) => {
    const passed = output.match(/^--- PASS: /gm)?.length ?? 0;
    const failed = output.match(/^--- FAIL: /gm)?.length ?? 0;
    return passed + failed === 0 ? undefined : { passed, failed };
};

function number(pattern: RegExp, text: string): number {
    return Number(pattern.exec(text)?.[1] ?? 0);
}
