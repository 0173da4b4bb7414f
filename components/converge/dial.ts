import { connect, type Socket } from "node:net";

/** A way to a node's sshd. */
export interface Endpoint {
    readonly host: string;
    readonly port: number;
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

/**
 * Dials one endpoint and waits for the first bytes of its sshd, which stay to be read. Never throws; the socket does not
 * keep the process alive.
 */
export function dial(endpoint: Endpoint, wait: Patience): Promise<Dialled> {
    const place = `${endpoint.host}:${endpoint.port}`;
    return new Promise((done) => {
        const far = connect({ ...endpoint, timeout: wait.dial }).unref();
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
