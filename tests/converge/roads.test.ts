import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Endpoint } from "../../components/converge/dial";
import { openRoad, type Road, type Route } from "../../components/converge/roads";
import { chacha, exchangeReply, gcm, hello, hostKey, login, otherKey, sealed } from "./ssh-speech";

const wait = { dial: 150, handshake: 250, acknowledge: 1_000, touch: 600, headStart: 100, unreadable: 50 };
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
});

/** A server on the loopback; what it does with a connection is up to the test. */
async function serve(onConnection: (socket: Socket) => void, port = 0): Promise<Endpoint> {
    const server = createServer((socket) => {
        sockets.push(socket.on("error", () => undefined));
        onConnection(socket);
    });
    servers.push(server);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

/** A server that says this to everybody. */
const speak = (words: string | Buffer): Promise<Endpoint> => serve((socket) => socket.write(words));

/** An endpoint where nobody listens. */
async function closed(): Promise<Endpoint> {
    const endpoint = await speak("");
    await new Promise((done) => servers.pop()!.close(done));
    return endpoint;
}

interface Opened {
    readonly road: Road;
    readonly reports: string[];
    /** Connects through the road. */
    readonly dial: () => Connection;
}

interface Connection {
    readonly socket: Socket;
    /** Everything that came, once so many bytes are there or the connection was closed. */
    readonly read: (enough: number) => Promise<string>;
    readonly closed: Promise<unknown>;
}

async function open(endpoints: readonly Endpoint[], pin?: Route["pin"], patience = wait): Promise<Opened> {
    const reports: string[] = [];
    const route = { node: "cecilia", port: 0, endpoints, ...(pin === undefined ? {} : { pin }) };
    const road = openRoad(route, (message) => reports.push(message), patience);
    servers.push(road.server.ref());
    await once(road.server, "listening");
    const { port } = road.server.address() as AddressInfo;
    return { road, reports, dial: () => connection(connect(port, "127.0.0.1")) };
}

function connection(socket: Socket): Connection {
    sockets.push(socket.on("error", () => undefined));
    const over = once(socket, "close");
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk) => (bytes = Buffer.concat([bytes, chunk])));
    const read = async (enough: number): Promise<string> => {
        while (bytes.length < enough && !socket.destroyed) await Promise.race([once(socket, "data"), over]);
        return bytes.toString("latin1");
    };
    return { socket, read, closed: over };
}

test("bytes pass through the first endpoint whose sshd speaks", async () => {
    const silent = await serve(() => undefined);
    const { dial, reports } = await open([await closed(), silent, await speak("SSH-2.0-alive\r\n")]);
    expect(await dial().read(15)).toBe("SSH-2.0-alive\r\n");
    expect(reports).toEqual([]);
});

test("a dead node is told once and refused at once from then on", async () => {
    const [first, second] = [await closed(), await serve(() => undefined)];
    const { dial, reports } = await open([first, second]);
    expect([await dial().read(1), await dial().read(1)]).toEqual(["", ""]);
    expect(reports).toEqual([
        `cecilia does not answer (127.0.0.1:${first.port}: ECONNREFUSED; 127.0.0.1:${second.port}: took the connection, and its sshd stays silent).`,
    ]);
});

test("an sshd that hangs up at once is not taken for dead", async () => {
    let connections = 0;
    const { dial, reports } = await open([
        await serve((socket) => (connections++ === 0 ? socket.end() : socket.write("SSH-2.0-alive\r\n"))),
    ]);
    expect([await dial().read(15), await dial().read(15)]).toEqual(["", "SSH-2.0-alive\r\n"]);
    expect(reports).toEqual([]);
});

test.each([
    ["after its banner", [], []],
    ["in the key exchange", [hello(gcm)], []],
    ["in the login", [hello(gcm), exchangeReply(), sealed(32)], [sealed(48)]],
])("an sshd that falls silent %s is cut off and named", async (_, server, client) => {
    const endpoint = await serve((socket) => socket.write(Buffer.from("a notice\r\n")));
    const { dial, reports } = await open([endpoint]);
    const { socket, read, closed: over } = dial();
    socket.write(hello(gcm));
    await read(10);
    for (const bytes of server) sockets.find((s) => s.localPort === endpoint.port)!.write(bytes);
    await read(10 + server.reduce((sum, bytes) => sum + bytes.length, 0));
    for (const bytes of client) socket.write(bytes);
    await over;
    expect(reports).toEqual([
        `cecilia is frozen: 127.0.0.1:${endpoint.port} took the connection, and its sshd stays silent.`,
    ]);
    expect(await dial().read(1)).toBe("");
});

test("an sshd is given more time to speak than TCP to connect", async () => {
    const slow = await serve((socket) => void setTimeout(() => socket.write("SSH-2.0-slow\r\n"), 200));
    const { dial } = await open([slow], undefined, { ...wait, dial: 50, handshake: 5_000 });
    expect(await dial().read(14)).toBe("SSH-2.0-slow\r\n");
});

test("an sshd that waits for somebody to touch a key is given more time", async () => {
    const words = Buffer.concat([hello(gcm), exchangeReply(), ...login.slice(0, 4)]);
    const { dial, reports } = await open([await speak(words)]);
    const { socket, read } = dial();
    socket.write(hello(gcm));
    await read(words.length);
    await new Promise((done) => setTimeout(done, 2 * wait.handshake));
    expect([socket.destroyed, reports]).toEqual([false, []]);
});

test.each([gcm, chacha])("a session may be silent for as long as it likes (%s)", async (cipher) => {
    const words = Buffer.concat([hello(cipher), exchangeReply(), ...login]);
    const { dial, reports } = await open([await speak(words)]);
    const { socket, read } = dial();
    socket.write(hello(cipher));
    await read(words.length);
    await new Promise((done) => setTimeout(done, wait.touch + 2 * wait.handshake));
    expect([socket.destroyed, reports]).toEqual([false, []]);
});

describe("logins at once", () => {
    interface Counted {
        readonly opened: Opened;
        /** The connections that came over the road. */
        readonly far: () => readonly Socket[];
        /** Waits for so many. */
        readonly until: (n: number) => Promise<void>;
        /** How many there are, once every connection that is on its way has come. */
        readonly count: () => Promise<number>;
    }

    async function counted(cipher: string): Promise<Counted> {
        const all: Socket[] = [];
        const direct = new Set<number | undefined>();
        const far = (): Socket[] => all.filter(({ remotePort }) => !direct.has(remotePort));
        let more: () => void = () => undefined;
        const endpoint = await serve((socket) => {
            all.push(socket);
            socket.write(hello(cipher));
            more();
        });
        const until = async (is: () => boolean): Promise<void> => {
            while (!is()) await new Promise<void>((done) => (more = done));
        };
        const count = async (): Promise<number> => {
            // Connections are taken in the order they come in: this one is the last.
            const socket = connect(endpoint);
            sockets.push(socket);
            await once(socket, "connect");
            direct.add(socket.localPort);
            await until(() => all.some(({ remotePort }) => remotePort === socket.localPort));
            return far().length;
        };
        return { opened: await open([endpoint]), far, until: (n) => until(() => far().length >= n), count };
    }

    test.each([gcm, chacha])("there are two; the next begins when one is over or gone (%s)", async (cipher) => {
        const { opened, far, until, count } = await counted(cipher);
        const near = [1, 2, 3, 4, 5].map(() => opened.dial());
        for (const { socket } of near) socket.write(hello(cipher));
        await until(2);
        expect(await count()).toBe(2);
        const begin = Buffer.concat([exchangeReply(), ...login.slice(0, 4)]);
        const words = hello(cipher).length + begin.length;
        far()[0]!.write(begin);
        if (cipher === gcm) {
            await near[0]!.read(words);
            expect(await count()).toBe(2);
            far()[0]!.write(login[4]!);
            await near[0]!.read(words + 36);
            expect(await count()).toBe(2);
            far()[0]!.write(sealed(96));
        }
        await until(3);
        near[1]!.socket.destroy();
        await until(4);
        expect(await count()).toBe(4);
    });
});

describe("a host key", () => {
    const pin = { key: hostKey, mismatch: (shown: string) => `it shows ${shown}` };

    test("that is not the pinned one is reported once; whoever dials gets to see it, each time", async () => {
        const words = Buffer.concat([hello(gcm), exchangeReply(otherKey)]);
        const { dial, reports } = await open([await speak(words)], pin);
        const { socket, read } = dial();
        socket.write(hello(gcm));
        await read(words.length);
        const again = dial();
        again.socket.write(hello(gcm));
        expect((await again.read(words.length)).length).toBe(words.length);
        expect(reports).toEqual([`it shows ${otherKey}`]);
    });

    test("that is the pinned one is not spoken of", async () => {
        const words = Buffer.concat([hello(gcm), exchangeReply(), ...login]);
        const { dial, reports } = await open([await speak(words)], pin);
        const { socket, read } = dial();
        socket.write(hello(gcm));
        await read(words.length);
        expect(reports).toEqual([]);
    });
});

describe("a node that has to confirm a change", () => {
    test("is dialled again although it did not answer, until it does", async () => {
        const endpoint = await closed();
        const { road, dial, reports } = await open([endpoint]);
        expect(await dial().read(1)).toBe("");
        expect(reports.length).toBe(1);
        road.again(20_000);
        const answer = dial().read(15);
        // At first it only hangs up.
        await new Promise<void>((dialled) => void serve((socket) => socket.end(dialled), endpoint.port));
        await new Promise((done) => servers.pop()!.close(done));
        await serve((socket) => socket.write("SSH-2.0-alive\r\n"), endpoint.port);
        expect(await answer).toBe("SSH-2.0-alive\r\n");
        expect(reports.length).toBe(1);
    });

    test("is given up when its time is over", async () => {
        const { road, dial, reports } = await open([await closed()]);
        road.again(400);
        expect(await dial().read(1)).toBe("");
        expect(reports.length).toBe(1);
    });
});
