import type { Line, Log } from "./history-log";

/** A line that the stack's state has seen: it was there at that time, and has to be ever after. */
export interface Anchor {
    readonly n: number;
    readonly hash: string;
    /** When the state saw it (RFC 3339); empty when that is not known. */
    readonly at: string;
}

/** What is to be said of a log. */
export interface Verdict {
    /** What is wrong, in words; nothing when the log is as it was written, as far as can be told. */
    readonly problems: readonly string[];
    /** The newest lines that are for sure as the state saw them: an unbroken stretch up to the newest line that it saw. */
    readonly intact?: { readonly from: Line; readonly to: Line };
    /** How many lines follow that stretch, and wait for the state to see them. */
    readonly newer: number;
}

/** A problem, and the lines that it is about: from number, to number. */
interface Finding {
    readonly words: string;
    readonly from: number;
    readonly to: number;
}

/** The hash before the first line. */
const nothing = "0".repeat(64);

/** Compares each line of a log with the one before it, and all with the lines that the state has seen. */
export function verify({ lines }: Log, anchors: readonly Anchor[]): Verdict {
    const chain = new Chain(lines, anchors);
    const found = chain.breaks.flatMap((i) => chain.describe(i));
    const gone = chain.gone.filter(({ n }) => !found.some(({ from, to }) => from <= n && n <= to));
    const words = [...found.map((finding) => finding.words), ...chain.describeGone(gone)];
    return { problems: [...new Set(words)], ...chain.intact(gone) };
}

class Chain {
    /** Lines that do not follow the one before them, by place. */
    readonly breaks: readonly number[];
    /** Numbers of the lines, by place; of one that only gives itself another number, the right one. */
    private readonly numbers: readonly number[];
    private readonly places: ReadonlyMap<string, number>;
    /** Place of the line that names a hash as that of the line before it. */
    private readonly successors: ReadonlyMap<string, number>;
    /** Places of the lines that the state has seen, in order. */
    private readonly seen: readonly number[];
    private readonly vouched: ReadonlySet<number>;
    /** What the state has seen and is not there. */
    readonly gone: readonly Anchor[];

    constructor(
        private readonly lines: readonly Line[],
        anchors: readonly Anchor[],
    ) {
        this.numbers = lines.reduce<number[]>(
            (numbers, { n }, i) => (numbers.push(this.names(i) ? (numbers[i - 1] ?? 0) + 1 : n), numbers),
            [],
        );
        this.places = new Map(lines.map(({ hash }, i) => [hash, i]));
        this.successors = new Map(lines.map(({ prev }, i) => [prev, i]));
        this.breaks = lines.map((_, i) => i).filter((i) => !this.follows(i));
        const sorted = anchors.filter(({ n }) => n > 0).sort((a, b) => a.n - b.n);
        this.seen = sorted.flatMap(({ hash }) => this.places.get(hash) ?? []).sort((a, b) => a - b);
        this.vouched = new Set(this.seen);
        this.gone = sorted.filter(({ hash }) => !this.places.has(hash));
    }

    /** What became of the lines where the chain is broken: of each break something, or of the one that it comes from. */
    describe(i: number): Finding[] {
        const [before, line] = [this.lines[i - 1], this.at(i)];
        const n = this.numbers[i - 1] ?? 0;
        if (line.n === 0) return [changed(i + 1)];
        // Said already, of the line that cannot be read; or to be said of the line that really comes next.
        if (before?.n === 0 || this.isFollowedLater(i, before)) return [];
        if (this.names(i)) return [changed(n + 1)];
        const place = line.prev === nothing ? -1 : this.places.get(line.prev);
        if (place !== undefined && place < i - 1) return [putIn(i - place - 1, this.lines[place]?.n, line.n, n)];
        if (line.n > n + 1) return [missing(n + 1, line.n - 1)];
        if (line.n <= n) return [{ words: `line ${line.n} stands behind line ${n}`, from: line.n, to: n }];
        return [changed(before === undefined || this.isTheChangedOne(i) ? line.n : n)];
    }

    /** In words: what the state has seen and is not there. */
    describeGone(gone: readonly Anchor[]): string[] {
        const top = this.numbers.reduce((highest, n) => Math.max(highest, n), 0);
        const [first] = gone.filter(({ n }) => n <= top);
        const last = gone.filter(({ n }) => n > top).at(-1);
        const good = this.seen.map((i) => this.at(i).n).filter((n) => first !== undefined && n < first.n);
        const since = good.length === 0 ? "the log" : `what follows line ${Math.max(...good)}`;
        const end = top === 0 ? "there is no log" : `the log ends at line ${top}`;
        return [
            ...(first === undefined
                ? []
                : [`line ${first.n} is not the one that the state saw${day(first)}: ${since} was written anew`]),
            ...(last === undefined ? [] : [`${end}, and the state saw line ${last.n}${day(last)}`]),
        ];
    }

    /** The newest stretch that the state vouches for. */
    intact(gone: readonly Anchor[]): Pick<Verdict, "intact" | "newer"> {
        const last = this.seen.at(-1);
        if (last === undefined) return { newer: 0 };
        // What was written anew before the state saw the next line: nothing is known of the lines between.
        const anew = Math.max(0, ...gone.map(({ n }) => n).filter((n) => n <= this.at(last).n));
        const known = this.seen.find((i) => this.at(i).n > anew) ?? last;
        const start = Math.max(anew === 0 ? 0 : known, this.breaks.filter((i) => i <= last).at(-1) ?? 0);
        const end = this.breaks.find((i) => i > last) ?? this.lines.length;
        return { intact: { from: this.at(start), to: this.at(last) }, newer: end - last - 1 };
    }

    private isFollowedLater(i: number, before: Line | undefined): boolean {
        const later = this.successors.get(before?.hash ?? nothing) ?? 0;
        return later > i && this.comesAfter(this.at(later), before) && !this.follows(later);
    }

    /** Whether a line names the one before it, whatever number it gives itself. */
    private names(i: number): boolean {
        return this.at(i).n > 0 && this.at(i).prev === (this.lines[i - 1]?.hash ?? nothing);
    }

    private at(i: number): Line {
        const line = this.lines[i];
        if (line === undefined) throw new RangeError(`There is no line at ${i}.`);
        return line;
    }

    private follows(i: number): boolean {
        return this.comesAfter(this.at(i), this.lines[i - 1]);
    }

    private comesAfter(line: Line, before: Line | undefined): boolean {
        return line.n === (before?.n ?? 0) + 1 && line.prev === (before?.hash ?? nothing);
    }

    /** Of two lines that do not fit: whether it was the later one that was changed, or the earlier. */
    private isTheChangedOne(i: number): boolean {
        if (this.vouched.has(i - 1)) return true;
        if (this.vouched.has(i)) return false;
        return i + 1 < this.lines.length && !this.follows(i + 1);
    }
}

function changed(n: number): Finding {
    return { words: `line ${n} was changed after it was written`, from: n, to: n };
}

function putIn(count: number, after: number | undefined, from: number, to: number): Finding {
    const where = after === undefined ? "before line 1" : `after line ${after}`;
    return { words: `${count === 1 ? "a line was" : `${count} lines were`} put in ${where}`, from, to };
}

function missing(from: number, to: number): Finding {
    return { words: from === to ? `line ${from} is missing` : `lines ${from} to ${to} are missing`, from, to };
}

function day({ at }: Anchor): string {
    return at === "" ? "" : ` on ${at.slice(0, 10)} at ${at.slice(11, 16)}`;
}
