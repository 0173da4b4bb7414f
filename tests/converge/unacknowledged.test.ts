import fs from "node:fs";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { unacknowledged, watchProgress } from "../../components/converge/unacknowledged";

let server: Server;
let near: Socket;
let far: Socket;
beforeEach(async () => {
    server = createServer((socket) => (far = socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    near = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await Promise.all([once(near, "connect"), once(server, "connection")]);
});
afterEach(() => {
    near.destroy();
    far.destroy();
    server.close();
});

/** A watch with a made-up table: how often it looked, and whether it found the connection stuck. */
function watch(lookUp: () => number): { written: () => void; looks: () => number; stuck: Promise<number> } {
    let looks = 0;
    let written: () => void = () => undefined;
    const stuck = new Promise<number>((done) => {
        written = watchProgress(
            near,
            200,
            () => {
                done(looks);
            },
            () => {
                looks++;
                return lookUp();
            },
        );
    });
    return { written, looks: () => looks, stuck };
}

test("bytes that nobody takes in the time given mean that the connection is stuck", async () => {
    const { written, stuck } = watch(() => 100);
    written();
    expect(await stuck).toBeGreaterThan(3);
});

test("whoever takes some, or answers, is not stuck", async () => {
    let queue = 1_000;
    const taking = watch(() => queue--);
    taking.written();
    const answering = watch(() => {
        far.write("x");
        return 100;
    });
    near.resume();
    answering.written();
    await Promise.race([taking.stuck.then(fail), answering.stuck.then(fail), enough(() => taking.looks() > 30)]);
});

function fail(): never {
    throw new Error("was called stuck");
}

async function enough(is: () => boolean): Promise<void> {
    while (!is()) await new Promise((done) => setTimeout(done, 10));
}

test("the watch rests while nothing is under way, and goes on with the next write", async () => {
    let queue = 0;
    const { written, looks, stuck } = watch(() => queue);
    written();
    written();
    await enough(() => looks() === 1);
    await new Promise((done) => setTimeout(done, 100));
    expect(looks()).toBe(1);
    queue = 100;
    written();
    expect(await stuck).toBeGreaterThan(2);
});

test("a connection whose other side takes everything has nothing under way", async () => {
    far.resume();
    near.write(Buffer.alloc(100_000));
    await enough(() => far.bytesRead === 100_000);
    expect(unacknowledged(near)).toBe(0);
});

test("the system's tables are read once for all who ask at the same time", async () => {
    await new Promise(setImmediate);
    const read = jest.spyOn(fs, "readFileSync");
    unacknowledged(near);
    unacknowledged(far);
    expect(read.mock.calls.map(([file]) => file)).toEqual(["/proc/self/net/tcp", "/proc/self/net/tcp6"]);
    await new Promise(setImmediate);
    unacknowledged(near);
    expect(read).toHaveBeenCalledTimes(4);
    read.mockRestore();
});

test("watches of one patience look at the same time, and never before a period is over", () => {
    jest.useFakeTimers({ now: 0 });
    const looks: number[] = [];
    const begin = (): void => {
        const written = watchProgress(near, 10_000, fail, () => {
            looks.push(performance.now());
            return 0;
        });
        written();
    };
    begin();
    jest.advanceTimersByTime(900);
    begin();
    jest.advanceTimersByTime(3_000);
    jest.useRealTimers();
    expect(looks).toEqual([2_000, 2_000]);
});
