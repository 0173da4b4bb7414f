/** Lines that are shown of a failure that Jest tells of, and of the end of an output. */
const [ofFailure, ofEnd] = [40, 120];

/**
 * What is shown of a check that failed: the end of its output, and before it every failure that Jest told of earlier,
 * which a long run leaves far behind.
 */
export function shownOf(output: string): string[] {
    const lines = output.split("\n");
    const end = Math.max(0, lines.length - ofEnd);
    const failures = lines.slice(0, end).flatMap((line, at) => (/^ {2}● /.test(line) ? [at] : []));
    const early = failures.flatMap((at, index) => {
        const next = Math.min(at + ofFailure, failures[index + 1] ?? end, end);
        return lines.slice(at, next);
    });
    return early.length === 0 ? lines.slice(end) : [...early, "…", ...lines.slice(end)];
}
