import { isOurs } from "../../tools/cli/holders";
import { Progress } from "../../tools/cli/progress";
import { makeContext } from "./support";

const holds = (what: string): string => `pid 812 (${what}, since 2026-11-21T10:00:00Z, by alice@laptop)`;

test.each([
    ["role caddy", ["caddy", "pdns"], true],
    ["role caddy", ["pdns"], false],
    ["role caddy", ["caddy-next"], false],
    ["role caddy-next", ["caddy"], false],
    ["secrets", ["secrets"], true],
    ["finish", ["finish"], true],
    ["install", ["converge"], true],
    ["release", ["leave"], true],
    ["release", ["finish"], false],
])("%s, while we have %j going on: ours %s", (what, roles, ours) => {
    expect(isOurs(holds(what), roles)).toBe(ours);
});

test("nobody is nobody else", () => {
    expect(isOurs("", ["caddy"])).toBe(true);
});

test("what takes long names the other run that holds the node, once asked", async () => {
    jest.useFakeTimers();
    const { out, said } = makeContext("");
    const asked: [string, readonly string[]][] = [];
    const progress = new Progress(out, [], (node, roles) => {
        asked.push([node, roles]);
        return Promise.resolve(node === "box" ? holds("role dns") : undefined);
    });
    progress.show([
        { kind: "started", resource: "caddy on box", op: "update" },
        { kind: "started", resource: "pdns on box", op: "update" },
        { kind: "started", resource: "pdns on free", op: "update" },
        { kind: "started", resource: "mesh secret", op: "create" },
    ]);
    await jest.advanceTimersByTimeAsync(15_000);
    progress.stop();
    jest.useRealTimers();
    expect(asked).toEqual([
        ["box", ["caddy", "pdns"]],
        ["free", ["pdns"]],
    ]);
    expect(said.slice(1)).toEqual([`  … box is held by another run: ${holds("role dns")}`]);
});
