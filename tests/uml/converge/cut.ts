import { isDeepStrictEqual } from "node:util";
import { cutWhen, cutWhileBooting } from "../../../lab/uml/cut-when";
import type { UmlMachine } from "../../../lab/uml/handle";
import { boot, cut, restore } from "../../../lab/uml/machine";
import { exec } from "../../../lab/uml/ssh";
import { answerOf, constant, lookAt, orderForBootLine, orderLine, stepsOf } from "./node";
import type { Look, View } from "./node";
import type { Sequence, Traced } from "./trace";

/** What `stop.py` says on the console. */
const STOPPED = /stopped at \d+: (.*?)\r?\n/;
/** In the place of a step's number, and after all of them: the power goes when the run has answered. */
export const ANSWERED = Infinity;

/** A point at which the power goes. */
export interface Point {
    readonly sequence: Sequence;
    readonly traced: Traced;
    /** The step before which it goes, counted from 1. */
    readonly step: number;
    /** The boot after that is cut off too: before this step of the recovery, whose text is `text`. */
    readonly again?: { readonly step: number; readonly text: string };
}

/** Words in the command line of the recovery at boot. */
const RECOVERY = "/converge.py recover boot";

/** Has a machine come to a point, and takes its power there. */
async function takePower(machine: UmlMachine, { traced, step }: Point, stepAtBoot?: number): Promise<void> {
    cut(machine);
    restore(machine, traced.disk);
    await boot(machine);
    for (const run of traced.earlier) await answerOf(machine, run);
    if (stepAtBoot !== undefined) await exec(machine, orderForBootLine(RECOVERY, stepAtBoot));
    if (step === ANSWERED) {
        await answerOf(machine, traced.run);
        cut(machine);
        return;
    }
    const { command, input, fresh = false, process } = traced.run;
    const options = { watch: "console", input, fresh } as const;
    requireStop(
        await cutWhen(machine, `${orderLine(process, step)}; ${command}`, STOPPED, options),
        traced.steps[step - 1],
    );
}

function requireStop(seen: string, text: string | undefined): void {
    const stopped = constant(STOPPED.exec(seen)?.[1] ?? "");
    if (stopped !== text) throw new Error(`It stopped before \`${stopped}\`, and not before \`${text ?? ""}\`.`);
}

/** The steps of the recovery at the boot after a cut. */
export async function recoveryAfter(machine: UmlMachine, point: Point): Promise<string[]> {
    await takePower(machine, point, 0);
    await boot(machine);
    return stepsOf(machine);
}

/** Cuts a machine at a point, and has it boot; throws when it does not come to that point. */
export async function cutAt(machine: UmlMachine, point: Point): Promise<void> {
    await takePower(machine, point, point.again?.step);
    if (point.again !== undefined) requireStop(await cutWhileBooting(machine, STOPPED), point.again.text);
    await boot(machine);
}

/** What a machine turned out to be: its version, and everything that is wrong with it. */
export interface Verdict {
    readonly version: string;
    readonly problems: readonly string[];
}

/** Looks at a machine that was cut: every group is old or new, all of them the same, and nothing is left over. */
export function judge({ before, after }: Traced, { health, view }: Look): Verdict {
    const changed = Object.keys(view).filter((group) => !isDeepStrictEqual(before[group], after[group]));
    const versions = new Set(changed.map((group) => versionOf(group, view, before, after)));
    const others = Object.keys(view).filter((group) => !changed.includes(group));
    const lost = others.filter((group) => !isDeepStrictEqual(view[group], before[group]));
    const version = versions.size > 1 ? "mixture" : ([...versions][0] ?? "as before");
    return {
        version,
        problems: [
            ...(version === "mixture" ? [`a mixture: ${JSON.stringify(view)}`] : []),
            ...lost.map((group) => `${group} has changed: ${JSON.stringify(view[group])}`),
            ...healthProblems(health),
        ],
    };
}

function versionOf(group: string, view: View, before: View, after: View): string {
    if (isDeepStrictEqual(view[group], before[group])) return "old";
    return isDeepStrictEqual(view[group], after[group]) ? "new" : "mixture";
}

function healthProblems({ system, leftovers }: Look["health"]): string[] {
    return [
        ...(system === "running" ? [] : [`systemd says ${system}`]),
        ...leftovers.map((path) => `${path} is left over`),
    ];
}

/** What was cut off, again and to the sequence's end: the machine gets to its new version, and then nothing changes. */
export async function goOn(machine: UmlMachine, { sequence, traced }: Point): Promise<string[]> {
    const { runs, end } = sequence;
    const rest = runs.slice(runs.indexOf(traced.earlier[0] ?? traced.run));
    for (const run of rest) await answerOf(machine, run);
    const { health, view } = await lookAt(machine);
    const problems = [
        ...healthProblems(health),
        ...(isDeepStrictEqual(view, end) ? [] : [`it does not converge: ${JSON.stringify(view)}`]),
    ];
    for (const run of rest.filter(({ reverts }) => reverts !== true)) {
        const line = await answerOf(machine, run);
        if (!line.startsWith("unchanged")) problems.push(`${run.name} once more says: ${line}`);
    }
    return problems;
}
