import { fingerprint, wrongKeyMessage } from "../../components/fleet/known-hosts";
import { comparePin, describe as words, probe } from "../../tools/cli/probe";
import { cleanUp, closedPort, exchangeReply, hostKey, keyExchangeInit, otherKey, serve } from "./support";

afterEach(cleanUp);

test("an SSH server's host key is read over one connection", async () => {
    let connections = 0;
    const target = await serve((socket) => {
        connections++;
        socket.write("hello\r\nSSH-2.0-Fake_1\r\n");
        socket.write(Buffer.concat([keyExchangeInit(), exchangeReply()]));
    });
    const found = await probe(target);
    expect(found.finding).toEqual({ state: "answers", key: hostKey, banner: "SSH-2.0-Fake_1" });
    expect(connections).toBe(1);
});

test("an answer that comes byte by byte is read all the same", async () => {
    const bytes = Buffer.concat([Buffer.from("SSH-2.0-Slow\r\n"), keyExchangeInit(), exchangeReply()]);
    const target = await serve((socket) => {
        socket.setNoDelay(true);
        for (const byte of bytes) socket.write(Buffer.from([byte]));
    });
    expect((await probe(target)).finding).toEqual({ state: "answers", key: hostKey, banner: "SSH-2.0-Slow" });
});

test("a server that stays silent is called that, within the patience", async () => {
    const found = await probe(await serve(() => undefined), 200);
    expect(found.finding).toEqual({ state: "silent" });
    expect(words(found)).toMatch(/^does not answer: .* takes the connection and stays silent/);
});

test("a server that freezes after its banner is called silent", async () => {
    const target = await serve((socket) => socket.write("SSH-2.0-Frozen\r\n"));
    expect((await probe(target, 200)).finding).toEqual({ state: "silent" });
});

test("a closed port is called that", async () => {
    const found = await probe(await closedPort());
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
    const { finding } = await probe(target);
    expect(JSON.stringify(finding)).toMatch(/refuses.*speaks no SSH/);
});

test("a found key is compared with the pin of its node", () => {
    const pin = { node: "box", key: hostKey, line: 3 };
    expect(comparePin(hostKey, undefined)).toBe("unpinned");
    expect(comparePin(hostKey, pin)).toBe("matches");
    expect(comparePin(otherKey, pin)).toBe("differs");
});

test("a wrong key names node, both fingerprints, file and line", () => {
    const target = { node: "box", address: "192.0.2.1", port: 22 };
    const text = wrongKeyMessage(target, otherKey, hostKey, "stacks/x.known_hosts:3");
    for (const part of ["box (192.0.2.1:22)", fingerprint(hostKey), fingerprint(otherKey), "stacks/x.known_hosts:3"])
        expect(text).toContain(part);
});
