import type { UmlMachine } from "../../lab/uml/handle";
import { boot, makeMachine } from "../../lab/uml/machine";
import { closeRig, openRig } from "../../lab/uml/rig";
import type { Rig } from "../../lab/uml/rig";
import { ANSWERED, recoveryAfter } from "./converge/cut";
import type { Point } from "./converge/cut";
import { OLD_RUNS, REVERT_RUNS, WEB_RUNS } from "./converge/documents";
import { answerOf, install } from "./converge/node";
import { cutAtAll, problemsOf } from "./converge/outcome";
import type { Outcome } from "./converge/outcome";
import { keepDisk, trace } from "./converge/trace";
import type { Sequence, Traced } from "./converge/trace";

/*
 * The power goes while converge.py changes a machine: the real program on a kernel whose page cache goes with it. A dozen
 * and more steps of a transaction, the confirm window, and the way back; with EVERY_CUT=1 every step of all of them.
 */

// The kernel of these machines is a program for PCs only.
const pc = process.arch === "x64" ? describe : describe.skip;
const EVERY_CUT = process.env["EVERY_CUT"] === "1";
jest.setTimeout((EVERY_CUT ? 480 : 40) * 60_000);

/** Before which steps of each run the power always goes: the last that looks like this. */
const CHOSEN: Readonly<Record<string, readonly (RegExp | number)[]>> = {
    secrets: [/^fsync .*\/web.password.json.new$/],
    web: [
        // Staging.
        /^link \/etc\/web\/web.conf /,
        /^fsync .*\.new\/new.conf$/,
        // The journal.
        /^fsync .*\/journal.json.new$/,
        /^rename .*\/journal.json$/,
        // The swap.
        /^rename .*\/worker.service$/,
        /^rename .*\/new.conf$/,
        // Units.
        /^systemctl daemon-reload/,
        /^systemctl restart /,
        /^systemctl start /,
        // The commit.
        /^rename .*\/roles\/web.json$/,
        /^fsync .*\/roles$/,
        // The journal goes.
        /^rmdir \/etc\/web\/.sovereign-edge.old$/,
        /^remove .*\/journal.json$/,
        ANSWERED,
    ],
    finish: [/^rename .*\/roster.json$/],
    firewall: [/^fsync .*\/history.jsonl$/, ANSWERED],
    confirm: [/^rename .*\/roles\/firewall.json$/, ANSWERED],
    revert: [
        /^rename .*\/nftables.conf$/,
        /^nft -f /,
        /^rename .*\/roles\/firewall.json$/,
        /^remove .*\/journal.json$/,
        ANSWERED,
    ],
    recovery: [/^rename .*\/web.conf$/],
};

/** Numbers of the steps of a run before which the power goes, in their order. */
function chosen(name: string, steps: readonly string[]): number[] {
    if (EVERY_CUT) return [...steps.map((_, index) => index + 1), ANSWERED];
    const points = (CHOSEN[name] ?? []).map((point) => (point instanceof RegExp ? last(steps, point) : point));
    return points.sort((a, b) => a - b);
}

/** Number of the last step that looks like this. */
function last(steps: readonly string[], pattern: RegExp): number {
    const index = steps.findLastIndex((text) => pattern.test(text));
    if (index < 0) throw new Error(`There is no step like ${String(pattern)}:\n${steps.join("\n")}`);
    return index + 1;
}

/** The run of a sequence with this name. */
function runOf({ traced }: Sequence, name: string): Traced {
    const found = traced.find(({ run }) => run.name === name);
    if (found === undefined) throw new Error(`There is no run ${name}.`);
    return found;
}

/** The points at which some runs of a sequence are cut. */
const pointsOf = (sequence: Sequence, ...names: string[]): Point[] =>
    names
        .map((name) => runOf(sequence, name))
        .flatMap((traced) => chosen(traced.run.name, traced.steps).map((step) => ({ sequence, traced, step })));

/** The secret, the role and the end, and the recovery of a role that was cut off when all was swapped. */
async function changePoints(machine: UmlMachine): Promise<Point[]> {
    const sequence = await trace(machine, WEB_RUNS);
    const traced = runOf(sequence, "web");
    // There everything is on the disk, and the recovery takes the same steps each time.
    const first = { sequence, traced, step: last(traced.steps, /^rename .*\/roles\/web.json$/) };
    const steps = await recoveryAfter(machine, first);
    const again = chosen("recovery", steps).filter((step) => step !== ANSWERED);
    return [
        ...pointsOf(sequence, "secrets", "web", "finish"),
        ...again.map((step) => ({ ...first, again: { step, text: steps[step - 1] ?? "" } })),
    ];
}

/** A firewall that nobody confirms, and one that somebody does. */
const firewallPoints = async (machine: UmlMachine): Promise<Point[]> =>
    pointsOf(await trace(machine, REVERT_RUNS), "revert", "firewall", "confirm");

pc("a machine that loses its power while converge.py changes it", () => {
    let rig: Rig;
    let outcomes: readonly Outcome[];

    beforeAll(async () => {
        rig = openRig();
        const alice = makeMachine(rig, "alice");
        await boot(alice);
        await install(alice);
        for (const run of OLD_RUNS) await answerOf(alice, run);
        const bob = makeMachine(rig, "bob", { from: keepDisk(alice), id: alice.id });
        await boot(bob);
        const points = await Promise.all([changePoints(alice), firewallPoints(bob)]);
        outcomes = await cutAtAll([alice, bob], points.flat());
    });

    afterAll(() => {
        closeRig(rig);
    });

    /** What came of the cuts in a run; in a recovery that was cut off too: `recovery`. */
    function outcomesOf(name: string): Outcome[] {
        const found = outcomes.filter(
            ({ point }) => name === (point.again === undefined ? point.traced.run.name : "recovery"),
        );
        expect(found.length).toBeGreaterThan(0);
        return found;
    }

    test.each(["secrets", "web", "confirm"])("is old, and new from the commit on: %s", (name) => {
        const found = outcomesOf(name);
        expect(problemsOf(found)).toEqual([]);
        expect(found.map(({ version }) => `${version} `).join("")).toMatch(/^(old )+(new )*$/);
        const said = found.filter(({ point }) => point.step === ANSWERED);
        expect(said.filter(({ version }) => version !== "new")).toEqual([]);
    });

    test.each([
        ["a change that is not confirmed yet", "firewall"],
        ["a change that the timer takes back", "revert"],
        ["the sweep", "finish"],
    ])("is what it was before %s", (_, name) => {
        expect(problemsOf(outcomesOf(name))).toEqual([]);
    });

    test("is old when the power goes again while it recovers", () => {
        const found = outcomesOf("recovery");
        expect(problemsOf(found)).toEqual([]);
        expect(found.filter(({ version }) => version !== "old")).toEqual([]);
    });
});
