import type { UmlMachine } from "../../lab/uml/handle";
import { boot, makeMachine } from "../../lab/uml/machine";
import { closeRig, openRig } from "../../lab/uml/rig";
import type { Rig } from "../../lab/uml/rig";
import { OLD_RUNS, WEB_RUNS } from "./converge/documents";
import { answerOf, install } from "./converge/node";
import { starveAt } from "./converge/starve";
import { trace } from "./converge/trace";
import type { Sequence } from "./converge/trace";

/*
 * A machine that runs out of memory while converge.py changes it: its kernel ends the program in the middle of the change.
 * Nobody cuts the power, and the next run goes on.
 */

// The kernel of these machines is a program for PCs only.
const pc = process.arch === "x64" ? describe : describe.skip;
jest.setTimeout(20 * 60_000);

pc("a machine that runs out of memory while converge.py changes it", () => {
    let rig: Rig;
    let alice: UmlMachine;
    let sequence: Sequence;

    beforeAll(async () => {
        rig = openRig();
        alice = makeMachine(rig, "alice", { memory: 256 });
        await boot(alice);
        await install(alice);
        for (const run of OLD_RUNS) await answerOf(alice, run);
        sequence = await trace(alice, WEB_RUNS);
    });

    afterAll(() => {
        closeRig(rig);
    });

    test.each([
        ["while it stages", /^fsync .*\.new\/new.conf$/],
        ["while it swaps", /^rename .*\/new.conf$/],
        ["while it restarts", /^systemctl restart /],
        ["when it is about to be recorded", /^rename .*\/roles\/web.json$/],
    ])("says so, and the next run converges: %s", async (_, pattern) => {
        const traced = sequence.traced.find(({ run }) => run.name === "web")!;
        const step = traced.steps.findLastIndex((text) => pattern.test(text)) + 1;
        expect(step).toBeGreaterThan(0);
        const { code, answer, killed, problems } = await starveAt(alice, { sequence, traced, step });
        expect(answer).toMatch(/the machine ran out of memory/);
        expect([code, killed, problems]).toEqual([1, ["python3"], []]);
        process.stdout.write(`out of memory before \`${traced.steps[step - 1] ?? ""}\`: ${answer}\n`);
    });
});
