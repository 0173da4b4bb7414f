import { connect, createServer, type Server, type Socket } from "node:net";

/** A way to a node's sshd. */
export interface Endpoint {
    readonly host: string;
    readonly port: number;
}

/** The loopback listener in front of one node. */
export interface Road {
    readonly node: string;
    /** Port on 127.0.0.1; constant, because it is part of the recorded connection. */
    readonly port: number;
    /** Tried in order; the first that answers carries the bytes. */
    readonly endpoints: readonly Endpoint[];
}

/** How long is waited, in milliseconds. */
export interface Patience {
    /** For TCP to connect. */
    readonly dial: number;
    /** For the next bytes of sshd while the key exchange lasts (RFC 4253 §4.2: the server speaks first). */
    readonly handshake: number;
}

const patience: Patience = { dial: 3_000, handshake: 8_000 };

/** A key exchange brings more than this from sshd; fewer bytes and then silence mean that it hangs. */
const handshakeBytes = 1_000;

/**
 * Opens a road: forwards bytes between 127.0.0.1 and the first endpoint that answers. SSH stays end to end: the host key
 * is checked by the one who dials. A node that did not answer once is refused at once from then on, so that a dead node
 * costs seconds, and `report` is told why, once. Nothing of it keeps the process alive.
 */
export function openRoad(road: Road, report: (message: string) => void, wait: Patience = patience): Server {
    let dead = false;
    const giveUp = (message: string): void => {
        if (!dead) report(message);
        dead = true;
    };
    const server = createServer((near) => {
        near.unref();
        near.on("error", () => near.destroy());
        if (dead) {
            near.destroy();
            return;
        }
        dial(road.endpoints, wait, (far, tried) => {
            if (far === undefined) {
                near.destroy();
                giveUp(`${road.node} does not answer (${tried.join("; ")}).`);
            } else {
                forward(near, far, wait, () => {
                    giveUp(
                        `${road.node} is frozen: ${tried.join("; ")} took the connection, and its sshd stays silent.`,
                    );
                });
            }
        });
    });
    server.on("error", (error) => {
        report(
            `The road to ${road.node} cannot be opened on 127.0.0.1:${road.port}: ${error.message}. Is another run going on?`,
        );
    });
    server.listen(road.port, "127.0.0.1");
    return server.unref();
}

function dial(
    endpoints: readonly Endpoint[],
    wait: Patience,
    done: (far: Socket | undefined, tried: readonly string[]) => void,
    tried: readonly string[] = [],
): void {
    const [endpoint, ...rest] = endpoints;
    if (endpoint === undefined) {
        done(undefined, tried);
        return;
    }
    const place = `${endpoint.host}:${endpoint.port}`;
    const far = connect({ ...endpoint, timeout: wait.dial });
    far.unref();
    const next = (reason: string): void => {
        far.removeAllListeners()
            .on("error", () => undefined)
            .destroy();
        dial(rest, wait, done, [...tried, `${place}: ${reason}`]);
    };
    far.once("timeout", () => {
        next(`no answer in ${wait.dial / 1000} s`);
    });
    far.once("error", (error: NodeJS.ErrnoException) => {
        next(error.code ?? error.message);
    });
    far.once("connect", () => {
        far.removeAllListeners();
        done(far, [...tried, place]);
    });
}

function forward(near: Socket, far: Socket, wait: Patience, silent: () => void): void {
    let received = 0;
    const count = (chunk: Buffer): void => {
        received += chunk.length;
        if (received > handshakeBytes) {
            far.setTimeout(0);
            far.off("data", count);
        }
    };
    far.on("data", count);
    far.setTimeout(wait.handshake, () => {
        silent();
        far.destroy();
    });
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    near.pipe(far).pipe(near);
}
