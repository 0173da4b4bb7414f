import { restartInTurn, type Hands } from "../../tools/cli/reboots";
import type { NodeStatus, Report } from "../../tools/cli/status-text";

type Look = Partial<Omit<Report, "reboot">> & {
    readonly state?: NodeStatus["state"];
    readonly reboot?: Partial<NonNullable<Report["reboot"]>>;
};

const usual: Omit<Report, "reboot"> = {
    roles: {},
    units: { "caddy.service": { running: true, failed: false } },
    disk: { free: 1, total: 2 },
    memory: { available: 1, total: 2 },
    uptime: 1,
};

/** A node as it is after so many looks since its restart; the last one stays. */
type Life = (name: string) => readonly (Look | undefined)[];

const back: Look = { reboot: { boot: "b" } };

/** A world in which every node lives as `life` says once it is restarted; `log` is what was done. */
function world(life: Life, before: (name: string) => Look | undefined = () => ({})): { hands: Hands; log: string[] } {
    const log: string[] = [];
    const looks = new Map<string, number>();
    let clock = 0;
    const hands: Hands = {
        look: (node) => {
            const at = looks.get(node);
            const lived = life(node);
            const now = at === undefined ? before(node) : lived[Math.min(at, lived.length - 1)];
            if (at !== undefined) looks.set(node, at + 1);
            return Promise.resolve(statusOf(node, now));
        },
        restart: (node) => {
            looks.set(node, 0);
            log.push(node);
            return Promise.resolve({ code: node === "deaf" ? 1 : 255, stdout: "", stderr: "no such verb\n" });
        },
        sleep: (milliseconds) => {
            clock += milliseconds;
            return Promise.resolve();
        },
        now: () => clock,
        say: (words) => log.push(words.trim()),
    };
    return { hands, log };
}

function statusOf(node: string, look: Look | undefined): NodeStatus {
    if (look === undefined) return { node, state: "no answer", words: "does not answer" };
    const { state = "ok", reboot, ...rest } = look;
    const restart = { needed: [], failed: [], trying: false, boot: "a", ...reboot };
    return { node, state, words: "answers", report: { ...usual, ...rest, reboot: restart } };
}

test("one after the other, each when the one before is back as it was", async () => {
    const stopped = { "caddy.service": { running: false, failed: false } };
    const { hands, log } = world(() => [
        {},
        undefined,
        { reboot: { boot: "b", trying: true } },
        { ...back, units: stopped },
        { ...back, state: "failed" },
        back,
    ]);
    expect(await restartInTurn(["two", "one"], {}, hands)).toEqual({ done: ["one", "two"] });
    expect(log).toEqual(["one", "one is back and well after 6.0 s.", "two", "two is back and well after 6.0 s."]);
});

test("a node that was not well before need not be better after", async () => {
    const { hands } = world(
        () => [{ ...back, state: "failed" }],
        () => ({ state: "failed" }),
    );
    expect(await restartInTurn(["one"], {}, hands)).toEqual({ done: ["one"] });
});

test("an edge goes last, and only while the other one is well", async () => {
    const stands = { edge1: ["edge2"], edge2: ["edge1"] };
    const { hands, log } = world(() => [back]);
    expect((await restartInTurn(["edge1", "pi", "edge2"], stands, hands)).done).toEqual(["pi", "edge1", "edge2"]);
    expect(log.filter((line) => !line.includes(" "))).toEqual(["pi", "edge1", "edge2"]);
    for (const look of [undefined, { state: "failed" as const }]) {
        const dark = world(
            () => [back],
            (name) => (name === "edge2" ? look : {}),
        );
        const { done, failed } = await restartInTurn(["edge1", "pi"], stands, dark.hands);
        expect([done, dark.log[0]]).toEqual([["pi"], "pi"]);
        expect(failed).toMatch(/^edge1 was not restarted: while it is away edge2 has to do its work, and is not well/);
    }
});

test.each<[string, string, readonly (Look | undefined)[], RegExp]>([
    ["does not come back", "one", [undefined], /^one is not back as it was 600(\.0)? s after its restart: does not/],
    ["keeps the boot that it had", "one", [{}], /^one is not back as it was/],
    ["goes on trying", "one", [{ reboot: { boot: "b", trying: true } }], /^one is not back/],
    [
        "went back",
        "one",
        [{ state: "failed", reboot: { boot: "b", failed: ["panic=10: it did not run"] } }],
        /^one is back with the boot configuration that it had. Tried: panic=10: it did not run\. `.\/fleet reboot one`/,
    ],
    ["does not know the verb", "deaf", [back], /^deaf was not restarted: no such verb$/],
])("a node that %s ends the round", async (_, name, life, words) => {
    const { hands, log } = world(() => life);
    const { done, failed } = await restartInTurn([name, "zebra"], {}, hands);
    expect(done).toEqual([]);
    expect(failed).toMatch(words);
    expect(log).not.toContain("zebra");
});

test("a node that does not answer is not restarted", async () => {
    const { hands, log } = world(
        () => [back],
        () => undefined,
    );
    expect((await restartInTurn(["one"], {}, hands)).failed).toBe("one was not restarted: does not answer");
    expect(log).toEqual([]);
});
