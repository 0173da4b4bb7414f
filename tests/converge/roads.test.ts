import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { openRoad } from "../../components/converge/roads";

const wait = { dial: 150, handshake: 250 };
const servers: Server[] = [];
afterEach(() => {
    for (const server of servers.splice(0)) server.close();
});

/** A server on a free port of the loopback. */
async function listen(server: Server): Promise<number> {
    servers.push(server);
    if (!server.listening) await once(server, "listening");
    return (server.address() as AddressInfo).port;
}

function serve(greeting: string): Promise<number> {
    return listen(createServer((socket) => socket.on("error", () => undefined).write(greeting)).listen(0, "127.0.0.1"));
}

/** Everything that comes over a road until it is closed or `enough` bytes are there. */
function read(port: number, enough: number): Promise<string> {
    return new Promise((done) => {
        let text = "";
        const socket = connect(port, "127.0.0.1");
        const end = (): void => {
            socket.destroy();
            done(text);
        };
        socket.on("data", (chunk) => {
            text += chunk.toString();
            if (text.length >= enough) end();
        });
        socket.on("close", end).on("error", end);
    });
}

async function open(endpoints: { host: string; port: number }[]): Promise<{ port: number; reports: string[] }> {
    const reports: string[] = [];
    const port = await listen(
        openRoad({ node: "cecilia", port: 0, endpoints }, (message) => reports.push(message), wait).ref(),
    );
    return { port, reports };
}

test("bytes pass through the first endpoint that answers", async () => {
    const closed = await serve("x");
    await new Promise((done) => servers.pop()!.close(done));
    const alive = await serve("SSH-2.0-alive\r\n");
    const { port, reports } = await open([
        { host: "127.0.0.1", port: closed },
        { host: "127.0.0.1", port: alive },
    ]);
    expect(await read(port, 15)).toBe("SSH-2.0-alive\r\n");
    expect(reports).toEqual([]);
});

test("a dead node is told once and refused at once from then on", async () => {
    const closed = await serve("x");
    await new Promise((done) => servers.pop()!.close(done));
    const { port, reports } = await open([{ host: "127.0.0.1", port: closed }]);
    expect([await read(port, 1), await read(port, 1)]).toEqual(["", ""]);
    expect(reports).toEqual([`cecilia does not answer (127.0.0.1:${closed}: ECONNREFUSED).`]);
});

test("an sshd that takes the connection and stays silent is cut off, before or within the key exchange", async () => {
    for (const greeting of ["", "SSH-2.0-slow\r\n"]) {
        const silent = await serve(greeting);
        const { port, reports } = await open([{ host: "127.0.0.1", port: silent }]);
        expect(await read(port, 1_000)).toBe(greeting);
        expect(reports).toEqual([
            `cecilia is frozen: 127.0.0.1:${silent} took the connection, and its sshd stays silent.`,
        ]);
    }
});

test("a session that is past the key exchange may be silent for as long as it likes", async () => {
    const talking = await serve("k".repeat(1_500));
    const { port, reports } = await open([{ host: "127.0.0.1", port: talking }]);
    const socket = connect(port, "127.0.0.1");
    let closed = false;
    socket.on("data", () => undefined).on("close", () => (closed = true));
    await new Promise((done) => setTimeout(done, 3 * wait.handshake));
    expect([closed, reports]).toEqual([false, []]);
    socket.destroy();
});
