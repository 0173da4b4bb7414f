import type { Stack } from "../../components/fleet/stack";
import type { Context } from "./context";
import { EventReader, type Happening, type RunResult } from "./events";
import { checkpointing, forecast, isEmptyState, withLastWords, type Forecast } from "./forecast";
import type { Progress } from "./progress";
import { pulumi, stateFile } from "./pulumi";

/** What a look ahead gives. */
export interface Ahead {
    readonly forecast: Forecast;
    /** What the preview came to: the result of the whole run when nothing is to do, or when it failed. */
    readonly result: RunResult;
    /** Warnings of the preview. */
    readonly warnings: readonly Happening[];
    /** URNs of commands to be sent again although they did not change: the long work they began may be done by now. */
    readonly again: readonly string[];
}

/**
 * Asks the engine what it would do; no node is contacted. A stack with nothing in it is not asked: everything would be
 * made, keys among it.
 * @param exclude flags that leave nodes out
 */
export async function lookAhead({ root }: Context, stack: Stack, exclude: readonly string[]): Promise<Ahead> {
    const reader = new EventReader();
    const file = stateFile(root, stack.name);
    if (file !== undefined && isEmptyState(file)) {
        return { forecast: "resources", result: reader.result, warnings: [], again: [] };
    }
    const warnings: Happening[] = [];
    const finished = await pulumi(root, stack.name, ["preview", "--json", "--non-interactive", ...exclude], {
        env: { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
        onLine: (line) => warnings.push(...reader.read(line).filter(({ kind }) => kind === "said")),
    });
    const result = withLastWords(reader.result, finished);
    const again = [...result.pending.values()].map(({ urn }) => urn);
    const coming = forecast(result);
    return { forecast: coming === "nothing" && again.length > 0 ? "commands" : coming, result, warnings, again };
}

/** Whether the preview says all there is to say: nothing is to do, or it failed as the run would. */
export function isSettled({ forecast: coming, result }: Ahead): boolean {
    return coming === "nothing" || result.errors.length > 0 || result.failed.size > 0;
}

/** Has the engine do it. */
export async function apply(
    { root }: Context,
    stack: Stack,
    { forecast: coming, again }: Pick<Ahead, "forecast" | "again">,
    exclude: readonly string[],
    progress: Progress,
): Promise<RunResult> {
    const reader = new EventReader();
    const flags = ["--yes", "--skip-preview", "--continue-on-error", "--json", "--non-interactive"];
    const replace = again.flatMap((urn) => ["--replace", urn]);
    const finished = await pulumi(root, stack.name, ["up", ...flags, ...exclude, ...replace], {
        env: checkpointing(coming),
        onLine: (line) => {
            progress.show(reader.read(line));
        },
    });
    return withLastWords(reader.result, finished);
}
