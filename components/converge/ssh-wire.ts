import { randomBytes } from "node:crypto";
import { hostKeyIn, message, nameLists, PacketReader, readString } from "./ssh-stream";

/*
 * Just enough of the SSH transport (RFC 4253, RFC 5656, RFC 8731) to be told a server's ed25519 host key, as ssh-keyscan
 * is: both sides say which algorithms they know, the client sends an ephemeral key, the server's answer starts with its
 * host key. Nothing is authenticated and the server's signature is not verified: whoever logs in later does that. What is
 * learnt here only serves to compare and to say clearly what is wrong, over one connection.
 */

/** What a server of another kind than ours offers cannot be read here. */
const offered = {
    keyExchange: "curve25519-sha256,curve25519-sha256@libssh.org",
    hostKey: "ssh-ed25519",
    cipher: "aes128-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com",
    mac: "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com",
    compression: "none,zlib@openssh.com",
};

/** What the server's side of the exchange came to. */
export type WireEvent =
    | { readonly kind: "banner"; readonly text: string }
    | { readonly kind: "host key"; readonly key: string }
    | { readonly kind: "disconnect"; readonly reason: string };

/** Our identification string, key exchange offer and ephemeral key: all that is ever sent. */
export function clientHello(): Buffer {
    const names = [offered.keyExchange, offered.hostKey];
    const both = [offered.cipher, offered.cipher, offered.mac, offered.mac];
    const lists = [...names, ...both, offered.compression, offered.compression, "", ""];
    const init = Buffer.concat([
        Buffer.from([message.keyExchangeInit]),
        randomBytes(16),
        ...lists.map((list) => sshString(Buffer.from(list))),
        // No guessed packet follows; reserved.
        Buffer.alloc(5),
    ]);
    const ephemeral = Buffer.concat([Buffer.from([message.exchangeInit]), sshString(randomBytes(32))]);
    return Buffer.concat([Buffer.from("SSH-2.0-sovereign_edge\r\n"), packet(init), packet(ephemeral)]);
}

/** Reads the server's bytes as they come; `push` gives what they tell. @throws Error on bytes that are not SSH */
export class ServerReader {
    private readonly packets = new PacketReader();

    push(chunk: Buffer): WireEvent[] {
        return [...this.packets.push(chunk)].flatMap((piece) => {
            if (piece.kind === "banner") return [piece];
            const event = piece.kind === "clear" ? interpret(piece.payload) : undefined;
            return event === undefined ? [] : [event];
        });
    }

    /** What came before an identification string: a server that turns us away says so in a plain line. */
    get text(): string {
        return this.packets.text;
    }
}

function interpret(payload: Buffer): WireEvent | undefined {
    switch (payload[0]) {
        case message.exchangeReply: {
            const key = hostKeyIn(payload);
            return key === undefined ? undefined : { kind: "host key", key };
        }
        case message.disconnect:
            return { kind: "disconnect", reason: readString(payload, 5).toString("utf8") };
        case message.keyExchangeInit:
            return offersOurs(payload)
                ? undefined
                : { kind: "disconnect", reason: "it offers no ed25519 host key with curve25519-sha256" };
        default:
            return undefined;
    }
}

function offersOurs(payload: Buffer): boolean {
    const [keyExchange = "", hostKey = ""] = nameLists(payload, 2);
    const common = (ours: string, theirs: string): boolean =>
        ours.split(",").some((name) => theirs.split(",").includes(name));
    return common(offered.keyExchange, keyExchange) && common(offered.hostKey, hostKey);
}

function sshString(bytes: Buffer): Buffer {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
}

/** A packet before encryption (RFC 4253 §6): padded to a multiple of 8 with at least 4 bytes. */
function packet(payload: Buffer): Buffer {
    const padding = 8 - ((payload.length + 5) % 8) + (8 - ((payload.length + 5) % 8) < 4 ? 8 : 0);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(payload.length + padding + 1, 0);
    head.writeUInt8(padding, 4);
    return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}
