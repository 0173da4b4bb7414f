import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { UmlMachine } from "../../../lab/uml/handle";
import { snapshot } from "../../../lab/uml/machine";
import { exec } from "../../../lab/uml/ssh";
import type { Run } from "./documents";
import { answerOf, lookAt, orderLine, stepsOf } from "./node";
import type { View } from "./node";

/** A run that was seen from its beginning to its end. */
export interface Traced {
    readonly run: Run;
    readonly steps: readonly string[];
    /** A disk from which it starts, after `earlier`. */
    readonly disk: string;
    /** What leaves nothing that outlives a boot, and comes before it. */
    readonly earlier: readonly Run[];
    /** What the machine was in before it, and in the end. */
    readonly before: View;
    readonly after: View;
}

/** What can be cut: runs one after the other. */
export interface Sequence {
    readonly traced: readonly Traced[];
    /** The runs that bring the machine to its new version, and that version. */
    readonly runs: readonly Run[];
    readonly end: View;
}

/** Does a sequence of runs on a machine and notes their steps. */
export async function trace(machine: UmlMachine, runs: readonly Run[]): Promise<Sequence> {
    const traced: Traced[] = [];
    let [before, disk, earlier]: [View, string, Run[]] = [(await lookAt(machine)).view, keepDisk(machine), []];
    for (const run of runs) {
        await exec(machine, orderLine(run.process, 0));
        await answerOf(machine, run);
        const steps = await stepsOf(machine);
        const after = run.armed ? before : (await lookAt(machine)).view;
        traced.push({ run, steps, disk, earlier, before, after });
        if (run.armed) earlier = [...earlier, run];
        else [before, disk, earlier] = [after, keepDisk(machine), []];
    }
    return { traced, runs, end: before };
}

/** Keeps the disk as a cut would leave it at this moment. */
export function keepDisk(machine: UmlMachine): string {
    const path = join(mkdtempSync(join(machine.rig.folder, "kept-")), "disk");
    snapshot(machine, path);
    return path;
}
