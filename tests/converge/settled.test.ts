import { settledWithin } from "../../components/converge/settled";

const never = new Promise<void>(() => undefined);
const minute = 60_000;

/** Whether a promise is settled by now, without a timer that advances. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
    let settled = false;
    void promise.then(() => (settled = true));
    await jest.advanceTimersByTimeAsync(0);
    return settled;
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test("waits, and for no timer once it is settled", async () => {
    let done = (): void => undefined;
    const all = settledWithin(new Promise<void>((resolve) => (done = resolve)), Promise.resolve(), minute);
    expect(await isSettled(all)).toBe(false);
    done();
    expect(await isSettled(all)).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
});

test("what hangs is waited for until the time is over, which starts when the waiting one is ready", async () => {
    let ready = (): void => undefined;
    const all = settledWithin(never, new Promise((resolve) => (ready = resolve)), minute);
    await jest.advanceTimersByTimeAsync(2 * minute);
    ready();
    await jest.advanceTimersByTimeAsync(minute - 1);
    expect(await isSettled(all)).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(await isSettled(all)).toBe(true);
});
