import { Socket } from "node:net";
import type { Dialled } from "../../components/converge/dial";
import { firstOf } from "../../components/converge/first";

const reached = (place: string): Dialled => ({ far: new Socket(), place });
const failed = (reason: string, busy = false): Dialled => ({ reason, busy });

/** An attempt that ends when it is told to. */
function open(): { attempt: jest.Mock<Promise<Dialled>>; end: (dialled: Dialled) => void } {
    let end: (dialled: Dialled) => void = () => undefined;
    const outcome = new Promise<Dialled>((done) => (end = done));
    return { attempt: jest.fn(() => outcome), end };
}

test("the next attempt starts at once when one has failed, and none after one that answers", async () => {
    const third = open();
    const won = await firstOf(
        [() => Promise.resolve(failed("a")), () => Promise.resolve(reached("b")), third.attempt],
        60_000,
    );
    expect(won).toMatchObject({ place: "b" });
    expect(third.attempt).not.toHaveBeenCalled();
});

test("the next attempt starts beside one that does not answer for a while; who comes too late is hung up on", async () => {
    const slow = open();
    expect(await firstOf([slow.attempt, () => Promise.resolve(reached("b"))], 10)).toMatchObject({ place: "b" });
    const late = reached("a");
    slow.end(late);
    await new Promise(setImmediate);
    expect("far" in late && late.far.destroyed).toBe(true);
});

test("when none answers every reason is given, in the order of the attempts", async () => {
    const slow = open();
    const all = firstOf(
        [slow.attempt, () => Promise.resolve(failed("b", true)), () => Promise.resolve(failed("c"))],
        10,
    );
    await new Promise((done) => setTimeout(done, 50));
    slow.end(failed("a"));
    expect(await all).toEqual({ reason: "a; b; c", busy: true });
});
