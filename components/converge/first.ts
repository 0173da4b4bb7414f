import type { Socket } from "node:net";
import type { Dialled } from "./dial";

/**
 * The first of several attempts that reaches somebody. Each starts when the one before it has failed, or has not answered
 * for a while (as RFC 8305 §5 does with addresses); connections that come too late are closed.
 * @param headStart milliseconds that an attempt has for itself
 * @returns the connection, or why there is none: every reason, in the order of the attempts
 */
export function firstOf(attempts: readonly (() => Promise<Dialled>)[], headStart: number): Promise<Dialled> {
    const reasons: string[] = [];
    let [started, failed, busy, over] = [0, 0, false, false];
    return new Promise((done) => {
        const next = (): void => {
            const [mine, attempt] = [started, attempts[started]];
            if (over || attempt === undefined) return;
            started += 1;
            const timer = setTimeout(next, headStart).unref();
            void attempt().then((dialled) => {
                clearTimeout(timer);
                if ("far" in dialled) {
                    if (over) leave(dialled.far);
                    else done(dialled);
                    over = true;
                    return;
                }
                reasons[mine] = dialled.reason;
                [failed, busy] = [failed + 1, busy || dialled.busy];
                if (failed === attempts.length) done({ reason: reasons.join("; "), busy });
                // Else the one after it has its head start already.
                else if (started === mine + 1) next();
            });
        };
        next();
    });
}

function leave(far: Socket): void {
    far.on("error", () => undefined).destroy();
}
