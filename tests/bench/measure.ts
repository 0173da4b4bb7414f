/** A row of the table: every run's milliseconds, sorted. */
export interface Row {
    readonly name: string;
    readonly times: readonly number[];
}

/** Runs `body` once unmeasured and then `runs` times. */
export async function measure(name: string, runs: number, body: () => unknown): Promise<Row> {
    await body();
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
        const start = performance.now();
        await body();
        times.push(performance.now() - start);
    }
    return { name, times: times.sort((a, b) => a - b) };
}

/** The middle one of sorted values. */
export function median(times: readonly number[]): number {
    return times[Math.floor(times.length / 2)] ?? 0;
}

/** A table of a group: minimum, median, maximum in milliseconds and the ratio of the median to the first row's. */
export function table(title: string, rows: readonly Row[]): string {
    const base = median(rows[0]?.times ?? []);
    const lines = rows.map(({ name, times }) => {
        const cells = [times[0] ?? 0, median(times), times.at(-1) ?? 0].map((time) => time.toFixed(1).padStart(9));
        return `  ${name.padEnd(44)}${cells.join("")}${`×${(median(times) / base).toFixed(2)}`.padStart(9)}`;
    });
    return [
        `${title.padEnd(46)}${["min", "median", "max", "ratio"].map((head) => head.padStart(9)).join("")}`,
        ...lines,
    ].join("\n");
}
