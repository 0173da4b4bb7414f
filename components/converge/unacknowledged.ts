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
    const queues = tables().get(`${hexPort(localPort)} ${hexPort(remotePort)}`) ?? [];
    return queues.length === 1 ? (queues[0] ?? 0) : 0;
}

/** Ports of the two ends → bytes that are sent again, of each connection between such ports. */
type Queues = ReadonlyMap<string, readonly number[]>;

let read: Queues | undefined;

/**
 * The system's tables, read once for all who ask in one turn of the event loop: the kernel goes through all places of
 * its hash table each time, which takes milliseconds however few connections there are.
 */
function tables(): Queues {
    if (read !== undefined) return read;
    const queues = new Map<string, number[]>();
    for (const [ports, queue] of [...rows("tcp"), ...rows("tcp6")]) {
        queues.set(ports, [...(queues.get(ports) ?? []), queue]);
    }
    read = queues;
    setImmediate(() => (read = undefined));
    return queues;
}

function rows(name: string): [string, number][] {
    let text = "";
    try {
        text = readFileSync(`/proc/self/net/${name}`, "latin1");
    } catch {
        return [];
    }
    return text.split("\n").flatMap((line): [string, number][] => {
        const match = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) 01 ([0-9A-F]{8}):\S+ (\d\d):/.exec(line);
        if (match === null) return [];
        const [, local = "", remote = "", queue = "", timer = ""] = match;
        return [[`${local} ${remote}`, timer === retransmits ? parseInt(queue, 16) : 0]];
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
    const period = patience / 10;
    const wait = (): void => {
        // At least a period, and then together with all others that watch: one reading of the tables is enough.
        const now = performance.now();
        timer = setTimeout(look, (Math.floor(now / period) + 2) * period - now).unref();
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
