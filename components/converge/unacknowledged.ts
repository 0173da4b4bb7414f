import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** Looks up how many bytes of a connection were sent and not acknowledged, and are being sent again. */
export type LookUp = (socket: Socket) => number;

/** State of a connection's timer in proc(5): it waits for an acknowledgement. */
const retransmits = "01";

/**
 * Bytes of a connection that the other side has not acknowledged, as Linux tells it (proc_pid_net(5), tcp). 0 where the
 * system has no such table, and for an ambiguous pair of ports.
 */
export function unacknowledged({ localPort = 0, remotePort = 0 }: Socket): number {
    const ports = `${hexPort(localPort)} ${hexPort(remotePort)}`;
    const queues = ["tcp", "tcp6"].flatMap((name) =>
        table(`/proc/self/net/${name}`).filter((row) => row.ports === ports),
    );
    return queues.length === 1 ? (queues[0]?.queue ?? 0) : 0;
}

interface Row {
    readonly ports: string;
    readonly queue: number;
}

function table(file: string): Row[] {
    let text = "";
    try {
        text = readFileSync(file, "latin1");
    } catch {
        return [];
    }
    return text.split("\n").flatMap((line) => {
        const match = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) 01 ([0-9A-F]{8}):\S+ (\d\d):/.exec(line);
        if (match === null) return [];
        const [, local = "", remote = "", queue = "", timer = ""] = match;
        return [{ ports: `${local} ${remote}`, queue: timer === retransmits ? parseInt(queue, 16) : 0 }];
    });
}

function hexPort(port: number): string {
    return port.toString(16).toUpperCase().padStart(4, "0");
}

/**
 * Watches a connection for bytes that nobody acknowledges. TCP keepalive is silent while bytes are under way, and the
 * system sends them again for a quarter of an hour; Node.js cannot set TCP_USER_TIMEOUT.
 * @param patience milliseconds without progress after which `stuck` is called, once
 * @returns to be called after every write: the watch lasts only while bytes are under way
 */
export function watchProgress(
    socket: Socket,
    patience: number,
    stuck: () => void,
    lookUp: LookUp = unacknowledged,
): () => void {
    let timer: NodeJS.Timeout | undefined;
    let progress = -1;
    let since = 0;
    const wait = (): void => {
        timer = setTimeout(look, patience / 10).unref();
    };
    const look = (): void => {
        timer = undefined;
        const queued = socket.destroyed ? 0 : lookUp(socket);
        if (queued === 0) return;
        // What the other side has taken, and what it has sent: both only grow.
        const now = socket.bytesWritten - queued - socket.writableLength + socket.bytesRead;
        if (now !== progress) [progress, since] = [now, performance.now()];
        if (performance.now() - since < patience) wait();
        else stuck();
    };
    return () => {
        if (timer === undefined) wait();
    };
}
