import { createHash } from "node:crypto";
import { makeClone, urnOf, type Clone } from "./clone";
import { cleanUp, otherKey } from "./support";

afterEach(cleanUp);
jest.setTimeout(30_000);

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const log = ["first", "second", "third"].reduce<string[]>((lines, result, i) => {
    const prev = i === 0 ? "0".repeat(64) : sha256(lines[i - 1]!);
    return [...lines, JSON.stringify({ n: i + 1, prev, time: "2026-11-21T10:00:00Z", result })];
}, []);
const text = log.map((line) => `${line}\n`).join("");

/** A clone whose state saw a line of box's log. */
async function cloneThatSaw(n: number, entry = "", more: Readonly<Record<string, string>> = {}): Promise<Clone> {
    const clone = await makeClone(entry, more);
    const resources = [
        {
            type: "command:remote:Command",
            urn: urnOf("web on box"),
            modified: "2026-11-21T10:30:00Z",
            inputs: { triggers: [1] },
            outputs: { stdout: `changed: x\nlog ${n} ${sha256(log[n - 1] ?? "")}` },
        },
    ];
    clone.set("pulumi-stack", JSON.stringify({ version: 3, deployment: { resources } }));
    clone.set("ssh-status", text);
    return clone;
}

const intact = "intact from line 1 (2026-11-21 10:00:00Z) to line 2; the newest line is not yet known to the state";

test("a log that is as the state saw it", async () => {
    const clone = await cloneThatSaw(2);
    const { code, stdout, stderr } = await clone.fleet("history");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Fleet home: box\nbox: 3 lines, 1 kB\n {2}1 .* first in 0\.0 s\n/);
    expect(stdout.endsWith(`third in 0.0 s\n  ${intact}\n`)).toBe(true);
    // The state first: what a run that is going on writes meanwhile is in the log, and not missing in it.
    expect(clone.calls().map((call) => call.split(" ").slice(0, 3).join(" "))).toEqual([
        "pulumi stack export",
        "ssh sh -c",
    ]);
});

test("as many lines as were asked for", async () => {
    const clone = await cloneThatSaw(2);
    expect((await clone.fleet("history", "box", "--lines", "1")).stdout).not.toMatch(/first|second/);
    expect((await clone.fleet("history", "--lines", "2", "--all")).stdout).toMatch(/first[^]*second[^]*third/);
    expect(await clone.fleet("history", "--lines", "0")).toMatchObject({
        code: 2,
        stderr: 'fleet: --lines takes a number from 1 on, not "0".\n',
    });
    expect(await clone.fleet("history", "bxo")).toMatchObject({ code: 2 });
});

test("for programs", async () => {
    const clone = await cloneThatSaw(2);
    const { code, stdout } = await clone.fleet("history", "--json", "--lines", "1");
    expect([code, JSON.parse(stdout)]).toEqual([
        0,
        {
            stack: "home",
            ok: true,
            nodes: [
                {
                    node: "box",
                    state: "intact",
                    words: [intact],
                    count: 3,
                    bytes: text.length,
                    problems: [],
                    newer: 1,
                    intact: { from: 1, since: "2026-11-21T10:00:00Z", to: 2 },
                    lines: [expect.objectContaining({ n: 3, hash: sha256(log[2]!), result: "third" })],
                },
            ],
        },
    ]);
});

test("a log that was changed ends with another exit code", async () => {
    const clone = await cloneThatSaw(3);
    clone.set("ssh-status", text.replace("second", "sxcond"));
    const { code, stdout } = await clone.fleet("history");
    expect([code, stdout]).toEqual([1, expect.stringContaining("  line 2 was changed after it was written\n")]);
    expect(JSON.parse((await clone.fleet("history", "--json")).stdout)).toMatchObject({
        ok: false,
        nodes: [{ state: "broken", problems: ["line 2 was changed after it was written"] }],
    });
    clone.set("ssh-status", "");
    expect((await clone.fleet("history")).stdout).toContain("there is no log, and the state saw line 3 on 2026-11-21");
});

test("a node that is off is told of, and holds up no other", async () => {
    const nas = " }\n  nas: { hardware: amd64-1gb, address: 127.0.0.2, port: 1";
    const clone = await cloneThatSaw(2, nas);
    const { code, stdout } = await clone.fleet("history");
    expect(code).toBe(1);
    expect(stdout).toContain(`  ${intact}\n`);
    expect(stdout).toMatch(/^nas: no answer: does not answer on 127\.0\.0\.2:1/m);
    expect((await clone.fleet("history", "box")).code).toBe(0);
});

test("a node that shows another key is not asked", async () => {
    const clone = await cloneThatSaw(2, "", { "stacks/home.known_hosts": `box ${otherKey}\n` });
    const { code, stdout } = await clone.fleet("history");
    expect([code, stdout]).toEqual([1, expect.stringContaining("box: wrong key: ")]);
    const none = await cloneThatSaw(2, "", { "stacks/home.known_hosts": "" });
    expect((await none.fleet("history")).stdout).toContain("box: no pinned host key: ./fleet add box");
    expect([...clone.calls(), ...none.calls()].filter((call) => call.startsWith("ssh"))).toEqual([]);
});

test("without its state nothing can be said", async () => {
    const clone = await cloneThatSaw(2);
    clone.set("pulumi-stack.code", "1");
    clone.set("pulumi-stack.err", "error: passphrase must be set\n");
    expect(await clone.fleet("history")).toMatchObject({
        code: 1,
        stderr: "fleet: The state of home cannot be read: error: passphrase must be set\n",
    });
});
