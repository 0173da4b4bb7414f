import type { UmlMachine } from "../../../lab/uml/handle";
import { ANSWERED, cutAt, goOn, judge } from "./cut";
import type { Point } from "./cut";
import { lookAt } from "./node";

/** What became of a machine that was cut. */
export interface Outcome {
    readonly point: Point;
    /** old, new, or as before when there is only one version. */
    readonly version: string;
    readonly problems: readonly string[];
}

function textOf({ traced, step, again }: Point): string {
    const text = step === ANSWERED ? "after its answer" : `before \`${traced.steps[step - 1]!}\``;
    return `${traced.run.name}, ${text}${again === undefined ? "" : `, and its recovery before \`${again.text}\``}`;
}

async function outcomeOf(machine: UmlMachine, point: Point): Promise<Outcome> {
    try {
        await cutAt(machine, point);
        const { version, problems } = judge(point.traced, await lookAt(machine));
        return { point, version, problems: [...problems, ...(await goOn(machine, point))] };
    } catch (error) {
        return { point, version: "unknown", problems: [error instanceof Error ? error.message : String(error)] };
    }
}

/** Tries all points, each on the machine that is free first, and prints a line for each of them. */
export async function cutAtAll(machines: readonly UmlMachine[], points: readonly Point[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const waiting = points.entries();
    const lane = async (machine: UmlMachine): Promise<void> => {
        for (const [index, point] of waiting) {
            const started = performance.now();
            const outcome = await outcomeOf(machine, point);
            outcomes[index] = outcome;
            const seconds = ((performance.now() - started) / 1000).toFixed(1);
            process.stdout.write(`cut: ${textOf(point)} → ${outcome.version} (${seconds} s)\n`);
        }
    };
    await Promise.all(machines.map(lane));
    return outcomes;
}

/** Everything that is wrong with some outcomes. */
export const problemsOf = (outcomes: readonly Outcome[]): string[] =>
    outcomes.flatMap(({ point, problems }) => problems.map((problem) => `${textOf(point)}: ${problem}`));
