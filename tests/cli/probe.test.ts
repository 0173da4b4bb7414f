import { createServer, type Server, type Socket } from "node:net";
import { fingerprint } from "../../components/fleet/known-hosts";
import { comparePin, describe as words, probe, wrongKeyMessage } from "../../tools/cli/probe";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGd0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0";

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
});

async function serve(onConnection: (socket: Socket) => void): Promise<{ node: string; address: string; port: number }> {
    const server = createServer((socket) => {
        sockets.push(socket.on("error", () => undefined));
        onConnection(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { node: "box", address: "127.0.0.1", port: (server.address() as { port: number }).port };
}

function sshString(bytes: Buffer | string): Buffer {
    const body = Buffer.from(bytes);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
}

function packet(payload: Buffer): Buffer {
    const padding = 16 - ((payload.length + 5) % 8);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(payload.length + padding + 1, 0);
    head[4] = padding;
    return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

function keyExchangeInit(hostKeys: string): Buffer {
    const lists = ["curve25519-sha256", hostKeys, "", "", "", "", "", "", "", ""];
    return packet(Buffer.concat([Buffer.from([20]), Buffer.alloc(16), ...lists.map(sshString), Buffer.alloc(5)]));
}

const reply = packet(
    Buffer.concat([Buffer.from([31]), sshString(Buffer.from(key.split(" ")[1]!, "base64")), sshString("x")]),
);

test("an SSH server's host key is read over one connection", async () => {
    let connections = 0;
    const target = await serve((socket) => {
        connections++;
        socket.write("hello\r\nSSH-2.0-Fake_1\r\n");
        socket.write(Buffer.concat([keyExchangeInit("rsa-sha2-512,ssh-ed25519"), reply]));
    });
    const found = await probe(target);
    expect(found.finding).toEqual({ state: "answers", key, banner: "SSH-2.0-Fake_1" });
    expect(connections).toBe(1);
});

test("an answer that comes byte by byte is read all the same", async () => {
    const bytes = Buffer.concat([Buffer.from("SSH-2.0-Slow\r\n"), keyExchangeInit("ssh-ed25519"), reply]);
    const target = await serve((socket) => {
        socket.setNoDelay(true);
        for (const byte of bytes) socket.write(Buffer.from([byte]));
    });
    expect((await probe(target)).finding).toEqual({ state: "answers", key, banner: "SSH-2.0-Slow" });
});

test("a server that stays silent is called that, within the patience", async () => {
    const found = await probe(await serve(() => undefined), 200);
    expect(found.finding).toEqual({ state: "silent" });
    expect(found.took).toBeLessThan(1000);
    expect(words(found)).toMatch(/takes the connection and stays silent/);
});

test("a server that freezes after its banner is called silent", async () => {
    const target = await serve((socket) => socket.write("SSH-2.0-Frozen\r\n"));
    expect((await probe(target, 200)).finding).toEqual({ state: "silent" });
});

test("a closed port is called that", async () => {
    const target = await serve(() => undefined);
    servers.pop()?.close();
    const found = await probe(target);
    expect(found.finding).toEqual({ state: "unreachable", cause: "the port is closed" });
    expect(words(found)).toMatch(/^does not answer on 127\.0\.0\.1:\d+ \(the port is closed after \d\.\d s\)$/);
});

test.each([
    ["Not allowed at this time\r\n", 'turns us away: "Not allowed at this time"'],
    ["", "hangs up at once"],
])("a server that says %j and hangs up is quoted", async (line, cause) => {
    const target = await serve((socket) => socket.end(line));
    expect((await probe(target)).finding).toEqual({ state: "refuses", cause });
});

test("a server without an ed25519 host key is told apart", async () => {
    const target = await serve((socket) => {
        socket.write("SSH-2.0-Old\r\n");
        socket.write(keyExchangeInit("rsa-sha2-512"));
    });
    expect((await probe(target)).finding).toEqual({
        state: "refuses",
        cause: "turns us away: it offers no ed25519 host key with curve25519-sha256",
    });
});

test("something that is no SSH server is called that", async () => {
    const target = await serve((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n".repeat(500)));
    expect((await probe(target)).finding).toMatchObject({
        state: "refuses",
        cause: expect.stringMatching(/no SSH/) as string,
    });
});

test("a found key is compared with the pin of its node", () => {
    const pin = { node: "box", key, line: 3 };
    expect(comparePin(key, undefined)).toBe("unpinned");
    expect(comparePin(key, pin)).toBe("matches");
    expect(comparePin(key.replace("IGd0", "IGd1"), pin)).toBe("differs");
});

test("a wrong key names node, both fingerprints, file and line", () => {
    const other = key.replace("IGd0", "IGd1");
    const text = wrongKeyMessage(
        { node: "box", address: "192.0.2.1", port: 22 },
        other,
        { node: "box", key, line: 3 },
        "stacks/x.known_hosts",
    );
    for (const part of ["box (192.0.2.1:22)", fingerprint(key), fingerprint(other), "stacks/x.known_hosts:3"])
        expect(text).toContain(part);
});
