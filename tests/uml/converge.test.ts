import type { UmlMachine } from "../../lab/uml/handle";
import { boot, cut, makeMachine, restore } from "../../lab/uml/machine";
import { closeRig, openRig } from "../../lab/uml/rig";
import type { Rig } from "../../lab/uml/rig";
import { ANSWERED, recoveryAfter } from "./converge/cut";
import type { Point } from "./converge/cut";
import { FIREWALL_RUNS, OLD_RUNS, REVERT_RUNS, WEB_RUNS } from "./converge/documents";
import { answerOf, install } from "./converge/node";
import { cutAtAll, problemsOf } from "./converge/outcome";
import { keepDisk, trace } from "./converge/trace";
import type { Sequence, Traced } from "./converge/trace";

/*
 * The power goes while converge.py changes a machine: the real program on a kernel whose page cache goes with it. A dozen
 * and more steps of a transaction, the confirm window, and the way back; with EVERY_CUT=1 every step of all of them.
 */

// The kernel of these machines is a program for PCs only.
const pc = process.arch === "x64" ? describe : describe.skip;
const EVERY_CUT = process.env["EVERY_CUT"] === "1";
jest.setTimeout((EVERY_CUT ? 240 : 20) * 60_000);

/** Before which steps of each run the power always goes: the last that looks like this. */
const CHOSEN: Readonly<Record<string, readonly (RegExp | typeof ANSWERED)[]>> = {
    secrets: [/^fsync .*\/web.password.json.new$/, ANSWERED],
    web: [
        // Staging.
        /^link \/etc\/web\/web.conf /,
        /^fsync .*\.new\/new.conf$/,
        // The journal.
        /^fsync .*\/journal.json.new$/,
        /^rename .*\/journal.json$/,
        // The swap.
        /^rename .*\/worker.service$/,
        /^rename .*\/web.conf$/,
        /^fsync \/etc\/web$/,
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
    firewall: [/^rename .*\/nftables.conf$/, /^fsync .*\/history.jsonl$/, ANSWERED],
    confirm: [/^rename .*\/roles\/firewall.json$/, ANSWERED],
    revert: [/^rename .*\/nftables.conf$/],
    recovery: [/^rename .*\/web.conf$/],
};

/** Numbers of the steps of a run before which the power goes. */
function chosen(name: string, steps: readonly string[]): number[] {
    if (EVERY_CUT) return [...steps.map((_, index) => index + 1), ANSWERED];
    return (CHOSEN[name] ?? []).map((point) => (point instanceof RegExp ? last(steps, point) : point));
}

/** Number of the last step that looks like this. */
function last(steps: readonly string[], pattern: RegExp): number {
    const index = steps.findLastIndex((text) => pattern.test(text));
    if (index < 0) throw new Error(`There is no step like ${String(pattern)}:\n${steps.join("\n")}`);
    return index + 1;
}

const pointsOf = (sequence: Sequence, traced: Traced): Point[] =>
    chosen(traced.run.name, traced.steps).map((step) => ({ sequence, traced, step }));

/** The run of a sequence with this name. */
function runOf({ traced }: Sequence, name: string): Traced {
    const found = traced.find(({ run }) => run.name === name);
    if (found === undefined) throw new Error(`There is no run ${name}.`);
    return found;
}

pc("a machine that loses its power while converge.py changes it", () => {
    let rig: Rig;
    let machines: [UmlMachine, UmlMachine];
    let web: Sequence;
    let firewall: Sequence;
    let unconfirmed: Sequence;

    async function traceAll([alice, bob]: [UmlMachine, UmlMachine], old: string): Promise<void> {
        const change = async (): Promise<void> => {
            web = await trace(alice, WEB_RUNS);
        };
        const confirmed = async (): Promise<void> => {
            firewall = await trace(bob, FIREWALL_RUNS);
            cut(bob);
            restore(bob, old);
            await boot(bob);
            // In the end it is changed all the same.
            unconfirmed = { ...firewall, traced: (await trace(bob, REVERT_RUNS)).traced };
        };
        await Promise.all([change(), confirmed()]);
    }

    beforeAll(async () => {
        rig = openRig();
        const alice = makeMachine(rig, "alice");
        await boot(alice);
        await install(alice);
        for (const run of OLD_RUNS) await answerOf(alice, run);
        const old = keepDisk(alice);
        const bob = makeMachine(rig, "bob", { from: old });
        await boot(bob);
        machines = [alice, bob];
        await traceAll(machines, old);
    });

    afterAll(() => {
        closeRig(rig);
    });

    test.each(["secrets", "web"])("is old or new, and new once it has said so: %s", async (name) => {
        const outcomes = await cutAtAll(machines, pointsOf(web, runOf(web, name)));
        expect(problemsOf(outcomes)).toEqual([]);
        expect(outcomes.map(({ version }) => version).join(" ")).toMatch(/^(old )+(new )*new$/);
    });

    test("is old until the change is confirmed, and new once it has said so", async () => {
        const armed = await cutAtAll(machines, pointsOf(firewall, runOf(firewall, "firewall")));
        expect(problemsOf(armed)).toEqual([]);
        const confirmed = await cutAtAll(machines, pointsOf(firewall, runOf(firewall, "confirm")));
        expect(problemsOf(confirmed)).toEqual([]);
        expect(confirmed.map(({ version }) => version).join(" ")).toMatch(/^(old )+(new )*new$/);
    });

    test("is old when the power goes while it takes an unconfirmed change back", async () => {
        const outcomes = await cutAtAll(machines, pointsOf(unconfirmed, runOf(unconfirmed, "revert")));
        expect(problemsOf(outcomes)).toEqual([]);
    });

    test("is old when the power goes again while it recovers", async () => {
        const traced = runOf(web, "web");
        const first = { sequence: web, traced, step: last(traced.steps, /^systemctl start /) };
        const steps = await recoveryAfter(machines[0], first);
        const again = chosen("recovery", steps)
            .filter((step) => step !== ANSWERED)
            .map((step) => ({ step, text: steps[step - 1] ?? "" }));
        const outcomes = await cutAtAll(
            machines,
            again.map((second) => ({ ...first, again: second })),
        );
        expect(problemsOf(outcomes)).toEqual([]);
        expect(new Set(outcomes.map(({ version }) => version))).toEqual(new Set(["old"]));
    });

    test("loses nothing in the sweep", async () => {
        const outcomes = await cutAtAll(machines, pointsOf(web, runOf(web, "finish")));
        expect(problemsOf(outcomes)).toEqual([]);
    });
});
