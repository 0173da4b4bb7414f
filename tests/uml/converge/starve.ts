import type { UmlMachine } from "../../../lab/uml/handle";
import { boot, cut, restore } from "../../../lab/uml/machine";
import { exec } from "../../../lab/uml/ssh";
import { goOn } from "./cut";
import type { Point } from "./cut";
import { answerOf, starveLine } from "./node";

/** What became of a machine that ran out of memory. */
export interface Starved {
    /** What the run said. */
    readonly code: number;
    readonly answer: string;
    /** Whom the kernel ended: `python3`. */
    readonly killed: readonly string[];
    /** Everything that is wrong with the machine after the next run. */
    readonly problems: readonly string[];
}

/** Has the kernel end converge.py before a step, on a machine that stays on, and does the same run again. */
export async function starveAt(machine: UmlMachine, point: Point): Promise<Starved> {
    const { run, disk, earlier } = point.traced;
    cut(machine);
    restore(machine, disk);
    await boot(machine);
    for (const before of earlier) await answerOf(machine, before);
    await exec(machine, starveLine(run.process, point.step));
    const { code, stdout, stderr } = await exec(machine, run.command, { input: run.input, check: false });
    const { stdout: kernel } = await exec(
        machine,
        "sudo dmesg | grep -o 'Killed process.*)' || true; sudo rm /run/lab-stop",
    );
    const killed = [...kernel.matchAll(/Killed process \d+ \((.*?)\)/g)].map(([, name = ""]) => name);
    return { code, answer: (stdout + stderr).trim(), killed, problems: await goOn(machine, point) };
}
