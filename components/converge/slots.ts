/** A fixed number of places: whoever finds none free waits, first come, first served. */
export class Slots {
    private readonly waiting: (() => void)[] = [];

    /** @param free how many may be taken at once */
    constructor(private free: number) {}

    /** Takes a place once one is free; what it gives lets the place go, and does nothing the second time. */
    async take(): Promise<() => void> {
        if (this.free > 0) this.free--;
        else await new Promise<void>((ready) => this.waiting.push(ready));
        let held = true;
        return () => {
            if (!held) return;
            held = false;
            const next = this.waiting.shift();
            // The place goes from hand to hand: nobody who comes in between can take it.
            if (next === undefined) this.free++;
            else next();
        };
    }
}
