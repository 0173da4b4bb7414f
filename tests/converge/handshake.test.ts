import { Handshake, type Phase } from "../../components/converge/handshake";
import { chacha, exchangeReply, gcm, hello, hostKey, login, sealed } from "./ssh-speech";

/** A handshake at which the client has said hello. */
function begun(ciphers = `${gcm},${chacha}`): Handshake {
    const handshake = new Handshake();
    handshake.fromClient(hello(ciphers));
    return handshake;
}

test("the key exchange, the login and its end are told apart, and the host key is read", () => {
    const handshake = begun();
    const phases: [Phase, string | undefined][] = [];
    for (const bytes of [hello(`${chacha},${gcm}`), exchangeReply(), ...login]) {
        handshake.fromServer(bytes);
        phases.push([handshake.phase, handshake.hostKey]);
    }
    expect(phases).toEqual([
        ["exchange", undefined],
        ["login", hostKey],
        ["login", hostKey],
        ["login", hostKey],
        ["login", hostKey],
        ["login", hostKey],
        ["session", hostKey],
    ]);
});

test("it does not matter how the bytes are cut, nor which side speaks first", () => {
    const handshake = new Handshake();
    const bytes = Buffer.concat([Buffer.from("a notice\r\n"), hello(gcm), exchangeReply(), ...login]);
    const client = hello(gcm);
    for (let i = 0; i < bytes.length - 1; i++) {
        handshake.fromServer(bytes.subarray(i, i + 1));
        if (i < client.length) handshake.fromClient(client.subarray(i, i + 1));
    }
    expect([handshake.phase, handshake.hostKey]).toEqual(["login", hostKey]);
    handshake.fromServer(bytes.subarray(-1));
    expect(handshake.phase).toBe("session");
});

test.each([
    ["a packet", [], [sealed(96)]],
    ["its first packet, with the success", [sealed(16)], []],
])("the server has settled once %s came after the login", (_, with_, after) => {
    const handshake = begun();
    handshake.fromServer(Buffer.concat([hello(gcm), exchangeReply(), ...login, ...with_]));
    expect([handshake.phase, handshake.hostKey, handshake.settled]).toEqual(["session", hostKey, with_.length > 0]);
    for (const bytes of after) handshake.fromServer(bytes);
    expect([handshake.phase, handshake.settled]).toEqual(["session", true]);
});

test("with another cipher the end of the login cannot be seen, but the host key can", () => {
    for (const bytes of [Buffer.alloc(100, 0xff), sealed(16)]) {
        const handshake = begun(`${chacha},${gcm}`);
        handshake.fromServer(Buffer.concat([hello(`${gcm},${chacha}`), exchangeReply(), bytes]));
        expect([handshake.phase, handshake.hostKey]).toEqual(["unreadable", hostKey]);
    }
});

test("bytes that are not SSH end the reading", () => {
    const handshake = begun();
    handshake.fromServer(Buffer.from("HTTP/1.1 400 Bad Request\r\n".repeat(400)));
    expect([handshake.phase, handshake.hostKey]).toEqual(["unreadable", undefined]);
    const other = begun();
    other.fromServer(Buffer.concat([hello(gcm), sealed(16), Buffer.alloc(64, 0xff)]));
    expect(other.phase).toBe("unreadable");
});
