import { execFileSync } from "node:child_process";
import fc from "fast-check";
import type { NodePlan } from "../../components/fleet/plan";
import type { RunResult } from "../../tools/cli/events";
import type { Finding, Probe } from "../../tools/cli/probe";
import { reportNodes } from "../../tools/cli/reports";
import { curlLine, shellWord, succeeded, summaryText, type Summary } from "../../tools/cli/summary";

const node = (name: string, ...roles: string[]): NodePlan => ({
    fleet: "home",
    name,
    address: "192.0.2.1",
    port: 22,
    user: "admin",
    road: 22000,
    hostKey: "",
    hostKeyPlace: "stacks/dev.known_hosts:1",
    incarnation: 1,
    leaving: false,
    roles: Object.fromEntries(
        roles.map((role) => [role, { version: 1, fleet: "home", node: name, role, incarnation: 1 }]),
    ),
    secrets: [],
});
const found = (name: string, finding: Finding): Probe => ({
    node: name,
    address: "192.0.2.1",
    port: 22,
    took: 4012,
    finding,
});
const answers = { state: "answers", key: "", banner: "" } as const;
const dead = { state: "unreachable", cause: "no connection" } as const;
const ran = (result: Partial<RunResult>): RunResult => ({
    changed: new Map(),
    unchanged: new Set(),
    failed: new Map(),
    errors: [],
    said: new Map(),
    pending: new Map(),
    unconfirmed: new Set(),
    touched: new Set(),
    outputs: {},
    outputsChanged: false,
    ...result,
});
const frame = (name: string): string[] => [
    `program on ${name}`,
    `converge on ${name}`,
    `secrets on ${name}`,
    `finish on ${name}`,
];
const urls = [
    {
        name: "models",
        url: "https://ai.home.internal/v1",
        curl: ["-sS", "-d", '{"a":"it\'s"}', "https://ai.home.internal/v1"],
    },
];

function summaryOf(nodes: NodePlan[], probes: Probe[], result: RunResult): Summary {
    return {
        stack: "home",
        nodes: reportNodes(nodes, probes, result),
        urls,
        changed: result.changed.size,
        unchanged: result.unchanged.size,
        errors: result.errors,
        farewells: [],
        took: 3210,
    };
}

test("every state of a node, each in its line, and the closing words name those that are not right", () => {
    const nodes = [node("alice", "wireguard"), node("bob", "caddy"), node("carol", "pdns"), node("dave", "caddy")];
    const summary = summaryOf(
        nodes,
        [found("alice", answers), found("bob", answers), found("carol", dead), found("dave", answers)],
        ran({
            changed: new Map([["caddy on bob", "update"]]),
            unchanged: new Set([
                ...frame("alice"),
                "wireguard on alice",
                ...frame("bob"),
                "program on dave",
                "converge on dave",
                "secrets on dave",
            ]),
            failed: new Map([
                ["secrets on carol", ["ssh: handshake failed"]],
                ["caddy on dave", ["caddy: line 3: bad directive", "the old configuration is in place"]],
            ]),
        }),
    );
    expect(succeeded(summary)).toBe(false);
    expect(summaryText(summary)).toBe(
        [
            "  alice  ok         nothing to do",
            "  bob    changed    caddy",
            "  carol  no answer  does not answer on 192.0.2.1:22 (no connection after 4.0 s); not done: secrets, program, converge, pdns, finish",
            "  dave   failed     caddy: line 3: bad directive; not done: finish",
            "",
            "  models  https://ai.home.internal/v1",
            "",
            `curl -sS -d '{"a":"it'\\''s"}' https://ai.home.internal/v1`,
            "",
            "2 nodes of 4 not right: carol, dave. 1 changed, 12 unchanged in 3.2 s. (fleet home)",
        ].join("\n"),
    );
});

test("a node that does not answer is a failure with nothing pending too", () => {
    const summary = summaryOf([node("box")], [found("box", dead)], ran({ unchanged: new Set(frame("box")) }));
    expect(succeeded(summary)).toBe(false);
    expect(summaryText(summary)).toContain(
        "  box  no answer  does not answer on 192.0.2.1:22 (no connection after 4.0 s)\n",
    );
});

test("what was kept on a node is shown when it was just swept; a lasting one is not shown at every run", () => {
    const said = new Map([["finish on box", ["changed: swept 2", "kept: /var/lib/caddy, user caddy", "log 3 ab"]]]);
    const changed = new Map([["finish on box", "update"]]);
    const all = new Set(frame("box"));
    const [swept, idle] = [ran({ said, changed, unchanged: all }), ran({ said, unchanged: all })].map((result) =>
        summaryText(summaryOf([node("box")], [found("box", answers)], result)),
    );
    expect(swept).toContain("\n\n  box: kept: /var/lib/caddy, user caddy\n\n");
    expect(idle).not.toContain("kept");
});

test("a node that leaves is done without secrets and roles, and is all right when nothing is left to do", () => {
    const leaver: NodePlan = { ...node("old"), leaving: true };
    const unchanged = new Set(["program on old", "converge on old", "leave on old"]);
    const report = (result: RunResult, finding: Finding) => reportNodes([leaver], [found("old", finding)], result)[0]!;
    expect(report(ran({ unchanged }), dead)).toMatchObject({ state: "left", waiting: [] });
    expect(report(ran({}), dead)).toMatchObject({ state: "no answer", waiting: ["program", "converge", "leave"] });
});

test("an error beside the nodes is shown and is a failure", () => {
    const summary = summaryOf(
        [node("box")],
        [found("box", answers)],
        ran({ unchanged: new Set(frame("box")), errors: ["one\ntwo"] }),
    );
    expect(succeeded(summary)).toBe(false);
    expect(summaryText(summary)).toContain("\n  one\n  two\n");
    expect(summaryText(summary)).toContain("The run failed. 0 changed");
});

test("all well says so", () => {
    const summary = summaryOf([node("box")], [found("box", answers)], ran({ unchanged: new Set(frame("box")) }));
    expect(succeeded(summary)).toBe(true);
    expect(summaryText(summary)).toMatch(/All well\. 0 changed, 4 unchanged in 3\.2 s\. \(fleet home\)$/);
});

test("the curl line may be told how to get to where the fleet is reached", () => {
    expect(curlLine(urls, "npm run -s lab -- exec operator --")).toMatch(
        /^npm run -s lab -- exec operator -- curl -sS /,
    );
    expect(curlLine([])).toBeUndefined();
});

test("a shell reads every word back as it was", () => {
    fc.assert(
        fc.property(
            fc.string({ unit: "grapheme", maxLength: 30 }).filter((word) => !word.includes("\0")),
            (word) => {
                const echoed = execFileSync("/bin/sh", ["-c", `printf %s ${shellWord(word)}`]).toString("utf8");
                expect(echoed).toBe(word);
            },
        ),
        { numRuns: 40 },
    );
});
