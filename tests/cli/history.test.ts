import { createHash } from "node:crypto";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { anchorsOf } from "../../tools/cli/history-anchors";
import { verify, type Anchor } from "../../tools/cli/history-chain";
import { readLog } from "../../tools/cli/history-log";
import { historyText, type NodeHistory } from "../../tools/cli/history-text";
import { run } from "../../tools/cli/process";
import { asksRoot, judge } from "../../tools/cli/verbs/history";
import { cleanUp, makeRoot } from "./support";

afterEach(cleanUp);

const key = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Texts of lines that form a chain, with what each says. */
function chainOf(says: readonly object[], start = 1, prev = "0".repeat(64)): string[] {
    const lines: string[] = [];
    for (const [i, said] of says.entries()) {
        const n = start + i;
        const before = lines.at(-1);
        const usual = {
            n,
            prev: before === undefined ? prev : sha256(before),
            time: `2026-11-21T10:00:${String(n).padStart(2, "0")}Z`,
            node: "box",
            who: { user: "admin", key, name: "alice@laptop" },
            verb: "apply",
            role: "web",
            hash: "a".repeat(64),
            changed: [`/etc/${n}`],
            result: "applied",
            ms: 1234,
            found: [],
        };
        lines.push(JSON.stringify({ ...usual, ...said }));
    }
    return lines;
}

const count = (n: number): object[] => Array.from({ length: n }, () => ({}));
const original = chainOf(count(31));
const anchor = (lines: readonly string[], n: number): Anchor => ({
    n,
    hash: sha256(lines[n - 1]!),
    at: "2026-11-21T10:30:00.123Z",
});
const at = (...numbers: number[]): Anchor[] => numbers.map((n) => anchor(original, n));

/** What is said of a log that holds these lines. */
function judgeLines(lines: readonly string[], anchors: readonly Anchor[], rest = ""): NodeHistory {
    const stdout = lines.map((line) => `${line}\n`).join("") + rest;
    return judge("box", { code: 0, stdout, stderr: "" }, anchors);
}

const edited = (lines: readonly string[], n: number): string[] =>
    lines.map((line, i) => (i === n - 1 ? line.replace("/etc/", "/srv/") : line));
/** Everything from line `n` on written by somebody else, in a chain that fits. */
const rewritten = (n: number, until = 31): string[] => [
    ...original.slice(0, n - 1),
    ...chainOf(
        count(until - n + 1).map(() => ({ ms: 1 })),
        n,
        n === 1 ? undefined : sha256(original[n - 2]!),
    ),
];
const without = (from: number, to = from): string[] => original.filter((_, i) => i + 1 < from || i + 1 > to);
const put = (place: number, ...lines: string[]): string[] => [
    ...original.slice(0, place),
    ...lines,
    ...original.slice(place),
];

interface Touch {
    readonly how: string;
    readonly from: number;
    readonly to: number;
}

/** A log after one more touch. */
function touched(lines: readonly string[], { how, from, to }: Touch): string[] {
    const line = lines[from];
    const result = [...lines];
    if (line === undefined) return result;
    if (how === "remove") result.splice(from, 1 + (to % 3));
    if (how === "repeat") result.splice(to, 0, line);
    if (how === "swap") [result[from], result[to % lines.length]] = [lines[to % lines.length]!, line];
    if (how === "edit") result[from] = line.replace("/etc/", "/srv/");
    if (how === "spoil") result[from] = line.slice(1);
    const prev = from === 0 ? undefined : sha256(lines[from - 1]!);
    if (how === "anew")
        result.splice(
            from,
            result.length,
            ...chainOf(
                count(to).map(() => ({ ms: 1 })),
                from + 1,
                prev,
            ),
        );
    return result;
}

const intact = "intact from line 1 (2026-11-21 10:00:01Z) to line 31";

describe("a log that nobody touched", () => {
    test.each([
        ["the state has seen all of it", original, at(31), [intact]],
        ["and has older lines in mind, too", original, at(3, 31, 17), [intact]],
        [
            "it has not seen the newest lines yet",
            original,
            at(3, 29),
            ["intact from line 1 (2026-11-21 10:00:01Z) to line 29; the newest 2 lines are not yet known to the state"],
        ],
        [
            "nor the newest one",
            original,
            at(30),
            ["intact from line 1 (2026-11-21 10:00:01Z) to line 30; the newest line is not yet known to the state"],
        ],
        ["it has seen none", original, [], ["the state has seen none of its 31 lines yet"]],
        ["there is none, and none was seen", [], [], ["nothing was changed here yet"]],
        [
            "the state saw a log without lines",
            [],
            [{ n: 0, hash: "0".repeat(64), at: "" }],
            ["nothing was changed here yet"],
        ],
    ])("%s", (_, lines, anchors, words) => {
        expect(judgeLines(lines, anchors)).toMatchObject({ state: "intact", words });
    });

    test("a line that a power cut left at its end", () => {
        expect(judgeLines(original, at(31), '{"n":32')).toMatchObject({
            state: "intact",
            words: [intact, "the last line is cut off; the next change says so and goes on"],
        });
    });
});

describe("a log that somebody touched", () => {
    const since = (from: number, to = 31): string =>
        `intact from line ${from} (2026-11-21 10:00:${String(from).padStart(2, "0")}Z) to line ${to}`;
    const seen = " on 2026-11-21 at 10:30";

    test.each([
        ["a changed line", edited(original, 17), at(31), ["line 17 was changed after it was written", since(18)]],
        [
            "a changed line that the state saw, and none after",
            edited(original, 17),
            at(5, 17),
            ["line 17 was changed after it was written", since(1, 5)],
        ],
        [
            "a changed line that the state saw, and later ones",
            edited(original, 17),
            at(5, 17, 31),
            ["line 17 was changed after it was written", since(18)],
        ],
        [
            "a line whose number was changed",
            original.map((line, i) => (i === 16 ? line.replace('"n":17', '"n":71') : line)),
            at(31),
            ["line 17 was changed after it was written", since(18)],
        ],
        [
            "the first line, whose number was changed",
            original.map((line, i) => (i === 0 ? line.replace('"n":1,', '"n":2,') : line)),
            at(31),
            ["line 1 was changed after it was written", since(2)],
        ],
        [
            "the last line's number",
            original.map((line) => line.replace('"n":31', '"n":40')),
            at(30),
            ["line 31 was changed after it was written", since(1, 30)],
        ],
        [
            "the last line but one, of neither of which the state knows",
            edited(original, 30),
            at(5),
            ["line 30 was changed after it was written", since(1, 5)],
        ],
        [
            "the lines before and after one that the state saw",
            edited(original, 17).map((line, i) => (i === 18 ? line.replace(/"prev":"./, '"prev":"x') : line)),
            at(18, 31),
            ["line 17 was changed after it was written", "line 19 was changed after it was written", since(20)],
        ],
        [
            "what the state saw twice, and each time otherwise",
            rewritten(13),
            [...at(17), anchor(rewritten(13), 17)],
            [`line 17 is not the one that the state saw${seen}: the log was written anew`, since(17, 17)],
        ],
        [
            "a line whose place in the chain was changed, too",
            original.map((line, i) => (i === 16 ? line.replace(/"prev":"./, '"prev":"x') : line)),
            at(31),
            ["line 17 was changed after it was written", since(18)],
        ],
        [
            "the same, and it is the last",
            original.map((line, i) => (i === 30 ? line.replace(/"prev":"./, '"prev":"x') : line)),
            at(30, 31),
            ["line 31 was changed after it was written", since(1, 30)],
        ],
        [
            "the same, and the state saw it like that",
            original.map((line, i) => (i === 16 ? line.replace(/"prev":"./, '"prev":"x') : line)).slice(0, 17),
            [
                anchor(
                    original.map((line) => line.replace(/"prev":"./, '"prev":"x')),
                    17,
                ),
            ],
            ["line 16 was changed after it was written", since(17, 17)],
        ],
        ["the first line", edited(original, 1), at(31), ["line 1 was changed after it was written", since(2)]],
        [
            "the first line's place in the chain",
            chainOf(count(3), 1, "f".repeat(64)),
            [],
            ["line 1 was changed after it was written", "the state vouches for none of its lines"],
        ],
        [
            "the last line, which the state saw",
            edited(original, 31),
            at(30, 31),
            [`line 31 is not the one that the state saw${seen}: what follows line 30 was written anew`, since(1, 30)],
        ],
        [
            "a line that was made unreadable",
            original.map((line, i) => (i === 16 ? line.slice(1) : line)),
            at(31),
            ["line 17 was changed after it was written", since(18)],
        ],
        [
            "two changed lines",
            edited(edited(original, 9), 17),
            at(31),
            ["line 9 was changed after it was written", "line 17 was changed after it was written", since(18)],
        ],
        ["a removed line", without(17), at(31), ["line 17 is missing", since(18)]],
        [
            "removed lines, one of which the state saw",
            without(17, 20),
            at(18, 31),
            ["lines 17 to 20 are missing", since(21)],
        ],
        ["the first line removed", without(1), at(31), ["line 1 is missing", since(2)]],
        [
            "a removed line, and the others numbered anew",
            [...original.slice(0, 16), ...chainOf(count(14), 17, sha256(original[15]!))],
            at(31),
            [`the log ends at line 30, and the state saw line 31${seen}`, "the state vouches for none of its lines"],
        ],
        ["a line put in", put(17, ...chainOf(count(1), 99)), at(31), ["a line was put in after line 17", since(18)]],
        [
            "lines put in that fit the line before",
            put(17, ...chainOf([{ ms: 1 }, { ms: 2 }], 18, sha256(original[16]!))),
            at(31),
            ["2 lines were put in after line 17", since(18)],
        ],
        ["a line twice", put(17, original[16]!), at(31), ["a line was put in after line 16", since(17)]],
        [
            "another line of the same number in its place",
            [...original.slice(0, 17), ...chainOf(count(1), 17, "f".repeat(64)), ...original.slice(18)],
            at(31),
            ["line 17 stands behind line 17", "line 18 is missing", since(19)],
        ],
        [
            "a line put in before the first",
            put(0, ...chainOf(count(1), 7)),
            at(31),
            ["a line was put in before line 1", since(1)],
        ],
        [
            "lines in another order",
            [...original.slice(20), ...original.slice(0, 20)],
            at(20),
            ["11 lines were put in before line 1", since(1, 20)],
        ],
        [
            "the end cut off",
            original.slice(0, 12),
            at(3, 10, 31),
            [`the log ends at line 12, and the state saw line 31${seen}`, since(1, 10)],
        ],
        [
            "the log gone",
            [],
            at(3, 31),
            [`there is no log, and the state saw line 31${seen}`, "the state vouches for none of its lines"],
        ],
        [
            "the end cut off and other lines in its place",
            rewritten(13, 40),
            at(3, 17, 31),
            [`line 17 is not the one that the state saw${seen}: what follows line 3 was written anew`, since(1, 3)],
        ],
        [
            "all written anew, in a chain that fits",
            rewritten(1),
            at(17, 31),
            [
                `line 17 is not the one that the state saw${seen}: the log was written anew`,
                "the state vouches for none of its lines",
            ],
        ],
        [
            "written anew and shorter",
            rewritten(13, 20),
            at(12, 17, 31),
            [
                `line 17 is not the one that the state saw${seen}: what follows line 12 was written anew`,
                `the log ends at line 20, and the state saw line 31${seen}`,
                since(1, 12),
            ],
        ],
        [
            "written anew before the state saw the next lines",
            rewritten(13),
            [...at(12, 17), anchor(rewritten(13), 25), anchor(rewritten(13), 31)],
            [`line 17 is not the one that the state saw${seen}: what follows line 12 was written anew`, since(25)],
        ],
        [
            "garbage",
            ["x", "null", "[1]", '{"n":1}', '{"n":"1","prev":""}', '{"n":-1,"prev":""}', '{"n":1.5,"prev":""}'],
            at(1),
            [
                "line 1 was changed after it was written",
                "line 2 was changed after it was written",
                "line 3 was changed after it was written",
                "line 4 was changed after it was written",
                "line 5 was changed after it was written",
                "line 6 was changed after it was written",
                "line 7 was changed after it was written",
                "the state vouches for none of its lines",
            ],
        ],
    ])("%s", (_, lines, anchors, words) => {
        expect(judgeLines(lines, anchors)).toMatchObject({ state: "broken", words });
    });

    test("how many lines are newer than what the state has seen", () => {
        const newer = (lines: readonly string[], anchors: readonly Anchor[]): number =>
            verify(readLog(lines.map((line) => `${line}\n`).join("")), anchors).newer;
        expect([newer(original, at(20)), newer(original, at(31)), newer(original, [])]).toEqual([11, 0, 0]);
        expect([newer(edited(original, 30), at(31)), newer(edited(original, 30), at(20))]).toEqual([0, 10]);
    });

    test("every touch of one byte of what the state has seen is found", () => {
        const log = `${chainOf(count(4)).join("\n")}\n`;
        const seenLast = [anchor(chainOf(count(4)), 4)];
        expect(judge("box", { code: 0, stdout: log, stderr: "" }, seenLast).state).toBe("intact");
        for (let i = 0; i < log.length - 1; i++) {
            const other = log[i] === "x" ? "y" : "x";
            const stdout = log.slice(0, i) + other + log.slice(i + 1);
            expect([i, judge("box", { code: 0, stdout, stderr: "" }, seenLast).state]).toEqual([i, "broken"]);
            const shorter = log.slice(0, i) + log.slice(i + 1);
            expect([i, judge("box", { code: 0, stdout: shorter, stderr: "" }, seenLast).state]).toEqual([i, "broken"]);
        }
    });

    test("whatever is done to the lines: what counts as intact is as it was written, and nothing passes for whole", () => {
        const short = original.slice(0, 9);
        const touch = fc.record({
            how: fc.constantFrom("remove", "repeat", "swap", "edit", "spoil", "anew"),
            from: fc.nat(8),
            to: fc.nat(8),
        });
        const property = fc.property(
            fc.array(touch, { maxLength: 3 }),
            fc.uniqueArray(fc.nat(8)),
            (touches, seenLines) => {
                const lines = touches.reduce(touched, short);
                const { problems, intact: stretch } = verify(
                    readLog(lines.map((line) => `${line}\n`).join("")),
                    seenLines.map((i) => anchor(short, i + 1)),
                );
                const seen = Math.max(0, ...seenLines.map((i) => i + 1));
                if (lines.join() === short.join()) expect(problems).toEqual([]);
                if (problems.length === 0) expect(lines.slice(0, seen)).toEqual(short.slice(0, seen));
                if (stretch === undefined) return;
                const place = lines.map(sha256).lastIndexOf(stretch.to.hash);
                const length = stretch.to.n - stretch.from.n + 1;
                expect(lines.slice(place - length + 1, place + 1)).toEqual(
                    short.slice(stretch.from.n - 1, stretch.to.n),
                );
            },
        );
        fc.assert(property, { numRuns: 3000 });
    });

    test("no more words than a screen takes, however many lines are broken", () => {
        const { words } = judgeLines(
            Array.from({ length: 50_000 }, (_, i) => `{"n":${9e14 + i * 3},"prev":""}`),
            at(31),
        );
        expect(words).toHaveLength(10);
        expect(words[8]).toMatch(/^and 4999\d more$/);
    });
});

test("what log.py writes is read", async () => {
    const root = makeRoot({ "var/log/none": "", "etc/passwd": "" });
    const script = [
        "import sys; sys.path.insert(0, sys.argv[1])",
        "from converge.log import Event, append",
        "from converge.machine import Machine",
        "for number in range(3): append(Machine(sys.argv[2]), Event('apply', 'applied', 'wéb', 'h', ['/etc/ä', '☃ \\u2028']))",
    ];
    const program = resolve(__dirname, "../../components/converge/program");
    expect(await run("python3", ["-c", script.join("\n"), program, root])).toMatchObject({ code: 0, stderr: "" });
    const stdout = readFileSync(join(root, "var/log/sovereign-edge/history.jsonl"), "utf8");
    const log = readLog(stdout);
    expect(log.lines[2]!.entry).toMatchObject({ role: "wéb", changed: ["/etc/ä", "☃"], result: "applied" });
    const anchors = [{ n: 3, hash: log.lines[2]!.hash, at: "" }];
    expect(verify(log, anchors)).toMatchObject({ problems: [], newer: 0, intact: { from: { n: 1 }, to: { n: 3 } } });
});

describe("what the state has seen", () => {
    const hash = "ab".repeat(32);
    const resource = (name: string, stdout: unknown, more: object = {}): object => ({
        type: "command:remote:Command",
        urn: `urn:pulumi:home::sovereign-edge::a$b$command:remote:Command::${name}`,
        modified: "2026-11-21T10:30:00Z",
        inputs: { triggers: [1] },
        outputs: { stdout },
        ...more,
    });
    const read = (...resources: object[]): unknown =>
        Object.fromEntries(anchorsOf(JSON.stringify({ deployment: { resources } }), { box: 1, "nas-2": 4 }));

    test("is the last line of every command", () => {
        expect(
            read(
                resource("web on box", `changed: log 7 ${hash}\nlog 31 ${hash}\n`),
                resource("zone-a.b on box", `unchanged\nlog 4 ${hash}`),
                resource("web on nas-2", `log 5 ${hash}\n`, {
                    inputs: { triggers: [4, "leaving"] },
                    modified: undefined,
                }),
            ),
        ).toEqual({
            box: [
                { n: 31, hash, at: "2026-11-21T10:30:00Z" },
                { n: 4, hash, at: "2026-11-21T10:30:00Z" },
            ],
            "nas-2": [{ n: 5, hash, at: "" }],
        });
    });

    test("is not what another machine said, or something else", () => {
        expect(
            read(
                resource("web on box", `unchanged\nlog 31 ${hash}\nlater`),
                resource("web on box", "unchanged"),
                resource("web on box", `log 31 ${hash}`, { inputs: { triggers: [2] } }),
                resource("web on box", `log 31 ${hash}`, { inputs: undefined }),
                resource("web on box", { secret: "x" }),
                resource("web on box", `log 31 ${hash}`, { type: "command:local:Command" }),
                resource("web on box", undefined, { outputs: undefined }),
                resource("web on gone", `log 31 ${hash}`),
                resource("web", `log 31 ${hash}`),
            ),
        ).toEqual({});
        expect(anchorsOf("{}", {}).size).toBe(0);
    });
});

describe("for people", () => {
    test("the last lines, who they were, and what is to be said", () => {
        const lines = chainOf([
            {},
            { verb: "secrets", role: "", changed: ["db (generation 2)"], result: "stored", ms: 40 },
            { result: "failed: /etc/x is refused by sshd", changed: [], who: { user: "bob", key, name: "" } },
            { verb: "recover", result: "reverted: nobody came", changed: [], who: { user: "", key: "", name: "" } },
            {
                changed: ["/etc/x", "reloaded x.service"],
                found: ["/etc/x edited by hand"],
                who: { user: "root", key: "", name: "" },
            },
        ]);
        const text = historyText([judgeLines(lines, [anchor(lines, 5)])], 4);
        expect(text.split("\n")).toEqual([
            "box: 5 lines, 2 kB",
            "  2  2026-11-21 10:00:02Z  alice@laptop          secrets      stored in 0.0 s: db (generation 2)",
            "  3  2026-11-21 10:00:03Z  bob SHA256:nThbg6kX…  apply web    failed: /etc/x is refused by sshd in 1.2 s",
            "  4  2026-11-21 10:00:04Z  the machine           recover web  reverted: nobody came in 1.2 s",
            "  5  2026-11-21 10:00:05Z  root                  apply web    applied in 1.2 s: /etc/x, reloaded x.service, put right: /etc/x edited by hand",
            `  alice@laptop is admin with the key ${key}`,
            `  bob SHA256:nThbg6kX… is bob with the key ${key}`,
            "  intact from line 1 (2026-11-21 10:00:01Z) to line 5",
        ]);
    });

    test("a log cannot write to the terminal", () => {
        const lines = chainOf([
            { result: "\u001b[2Japplied\u202e\r\n", who: { user: 1, key: [], name: { a: 1 } }, changed: "no", ms: "x" },
        ]);
        const text = historyText([judgeLines([...lines, "\u001b[31m"], [])], 9);
        expect(text).toContain("the machine  apply web  ?[2Japplied??? in 0.0 s");
        expect(text).toContain("a line that cannot be read");
        expect(text.replaceAll("\n", "")).toMatch(/^[ -~]*$/);
    });

    test("nodes that could not be asked", () => {
        const failed = judge(
            "box",
            { code: 255, stdout: "", stderr: "admin@box: Permission denied (publickey).\n" },
            [],
        );
        expect(failed).toMatchObject({ state: "failed", words: [expect.stringContaining("refuses the agent's keys")] });
        expect(judge("box", { code: 137, stdout: "", stderr: "" }, []).words).toEqual([
            "its log did not arrive within 120 s",
        ]);
        expect(judge("box", { code: 3, stdout: "", stderr: "" }, []).words).toEqual(["reading its log ended with 3"]);
        const off: NodeHistory = { node: "nas", state: "no answer", words: ["does not answer on 192.0.2.1:22"] };
        expect(historyText([failed, off], 9)).toBe(
            "box: it refuses the agent's keys: admin@box: Permission denied (publickey).\n\nnas: no answer: does not answer on 192.0.2.1:22",
        );
    });
});

test("the log is also asked for where only the log is left", async () => {
    expect(asksRoot("root")).toMatch(/^sh -c 'if /);
    expect(asksRoot("admin")).toMatch(/^sudo -n sh -c 'if /);
    const root = makeRoot({ "var/log/sovereign-edge/history.jsonl": "a line\n" });
    const ask = (): Promise<{ stdout: string }> => run("sh", ["-c", asksRoot("root").replaceAll(" /", ` ${root}/`)]);
    expect(await ask()).toMatchObject({ code: 0, stdout: "a line\n", stderr: "" });
    expect(await run("sh", ["-c", asksRoot("root").replaceAll(" /", ` ${root}/none/`)])).toMatchObject({
        code: 0,
        stdout: "",
    });
});
