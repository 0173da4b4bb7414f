/** Limits of the real API: requests of a token in an hour and in a minute. */
const [HOURLY, BURST] = [5000, 250];
const [HOUR_MS, MINUTE_MS] = [3_600_000, 60_000];

/** What the counter says of a request. */
export interface Verdict {
    readonly headers: Readonly<Record<string, string>>;
    /** Seconds until the next request is welcome; undefined when this one is. */
    readonly wait?: number;
}

/** Counts requests over a sliding hour and a sliding minute. */
export class Rate {
    private times: number[] = [];

    constructor(
        private readonly hourly = HOURLY,
        private readonly burst = BURST,
    ) {}

    /** Counts a request. @param at milliseconds since the epoch */
    count(at: number): Verdict {
        this.times = this.times.filter((time) => time > at - HOUR_MS);
        const lately = this.times.filter((time) => time > at - MINUTE_MS);
        const until = (since: number | undefined, span: number): number =>
            Math.max(1, Math.ceil(((since ?? at) + span - at) / 1000));
        const spent = this.times.length >= this.hourly;
        const wait = spent
            ? until(this.times[0], HOUR_MS)
            : lately.length >= this.burst
              ? until(lately[0], MINUTE_MS)
              : undefined;
        if (wait === undefined) this.times.push(at);
        const headers = {
            "ratelimit-limit": String(this.hourly),
            "ratelimit-remaining": String(this.hourly - this.times.length),
            "ratelimit-reset": String(Math.ceil(((this.times[0] ?? at) + HOUR_MS) / 1000)),
        };
        return wait === undefined ? { headers } : { headers, wait };
    }
}
