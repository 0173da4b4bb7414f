/**
 * Resolves after `from` with what is waited for, or when the time is over: what hangs does not hold up the one who waits.
 * @param within milliseconds after `from`
 */
export async function settledWithin(awaited: Promise<unknown>, from: Promise<void>, within: number): Promise<void> {
    await from;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((done) => {
        timer = setTimeout(done, within);
    });
    await Promise.race([awaited, over]);
    clearTimeout(timer);
}
