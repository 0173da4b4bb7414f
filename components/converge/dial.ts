import { connect, type Socket } from "node:net";
import type { Tunnels } from "./tunnels";

/** A way to a node's sshd. */
export interface Endpoint {
    readonly host: string;
    readonly port: number;
    /** The node that forwards, from which `host` is seen; absent on the direct way. */
    readonly via?: string;
}

/** How long an endpoint is waited for, in milliseconds. */
export interface Patience {
    /** For TCP to connect. */
    readonly dial: number;
    /** For the next bytes of sshd until the login is over (RFC 4253 §4.2: the server speaks first). */
    readonly handshake: number;
}

/** What came of dialling an endpoint: a connection on which sshd has spoken, or why there is none. */
export type Dialled =
    | { readonly far: Socket; readonly place: string }
    /** `busy`: it hung up at once, as an sshd does that has too many logins going on. */
    | { readonly reason: string; readonly busy: boolean };

/** Milliseconds for the words of ssh, which come by another pipe than the end of the connection they explain. */
const wordsLate = 20;

/** An endpoint in words: `192.168.8.12:22`, `10.44.0.12:22 through gematria`. */
export function placeOf({ host, port, via }: Endpoint): string {
    return via === undefined ? `${host}:${port}` : `${host}:${port} through ${via}`;
}

/**
 * Dials one endpoint and waits for the first bytes of its sshd, which stay to be read. Never throws; the socket does not
 * keep the process alive.
 * @param tunnels for an endpoint that another node forwards to
 */
export async function dial(endpoint: Endpoint, wait: Patience, tunnels?: Tunnels): Promise<Dialled> {
    const { host, port, via } = endpoint;
    const place = placeOf(endpoint);
    if (via === undefined) return listen(connect({ host, port, timeout: wait.dial }), place, wait);
    const opened = (await tunnels?.open(endpoint)) ?? { reason: "nobody opens it" };
    if ("reason" in opened) return { reason: `${place}: ${opened.reason}`, busy: false };
    const dialled = await listen(connect({ path: opened.path, timeout: wait.dial }), place, wait);
    if ("far" in dialled || !dialled.busy) return dialled;
    await new Promise((done) => setTimeout(done, wordsLate).unref());
    const words = /open failed: (.*)$/.exec(tunnels?.whyClosed(endpoint) ?? "")?.[1];
    return words === undefined ? dialled : { reason: `${place}: ${words}`, busy: false };
}

function listen(socket: Socket, place: string, wait: Patience): Promise<Dialled> {
    return new Promise((done) => {
        const far = socket.unref();
        let taken = false;
        const fail = (reason: string, busy = false): void => {
            far.removeAllListeners()
                .on("error", () => undefined)
                .destroy();
            done({ reason: `${place}: ${reason}`, busy });
        };
        far.once("connect", () => {
            taken = true;
            far.setTimeout(wait.handshake);
        });
        far.once("timeout", () => {
            fail(
                taken
                    ? "took the connection, and its sshd stays silent"
                    : `no answer in ${Math.ceil(wait.dial / 100) / 10} s`,
            );
        });
        far.once("error", (error: NodeJS.ErrnoException) => {
            fail(taken ? "hung up at once" : (error.code ?? error.message), taken);
        });
        far.once("close", () => {
            fail("hung up at once", true);
        });
        far.once("data", (chunk: Buffer) => {
            far.removeAllListeners().pause();
            far.unshift(chunk);
            done({ far, place });
        });
    });
}
