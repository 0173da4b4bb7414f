import { randomBytes } from "node:crypto";

/*
 * Just enough of the SSH transport (RFC 4253, RFC 5656, RFC 8731) to be told a server's ed25519 host key, as ssh-keyscan
 * is: both sides say which algorithms they know, the client sends an ephemeral key, the server's answer starts with its
 * host key. Nothing is authenticated and the server's signature is not verified: whoever logs in later does that. What is
 * learnt here only serves to compare and to say clearly what is wrong, over one connection.
 */

const message = {
    disconnect: 1,
    ignore: 2,
    debug: 4,
    keyExchangeInit: 20,
    exchangeInit: 30,
    exchangeReply: 31,
} as const;

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
    private pending = Buffer.alloc(0);
    private banner: string | undefined;

    push(chunk: Buffer): WireEvent[] {
        this.pending = Buffer.concat([this.pending, chunk]);
        const events: WireEvent[] = [];
        if (this.banner === undefined) {
            this.banner = this.readBanner();
            if (this.banner === undefined) return events;
            events.push({ kind: "banner", text: this.banner });
        }
        for (let payload = this.readPacket(); payload !== undefined; payload = this.readPacket()) {
            const event = interpret(payload);
            if (event !== undefined) events.push(event);
        }
        return events;
    }

    /** What came before an identification string: a server that turns us away says so in a plain line. */
    get text(): string {
        return (
            this.pending
                .subarray(0, 200)
                .toString("latin1")
                .split(/[\r\n]/)[0] ?? ""
        );
    }

    private readBanner(): string | undefined {
        // RFC 4253 §4.2: other lines may come first.
        const match = /(?:^|\n)(SSH-[^\r\n]*)\r?\n/.exec(this.pending.toString("latin1"));
        if (match === null) {
            if (this.pending.length > 8192) throw new Error("no SSH identification in the first 8 KiB");
            return undefined;
        }
        this.pending = this.pending.subarray(match.index + match[0].length);
        return match[1];
    }

    private readPacket(): Buffer | undefined {
        if (this.pending.length < 5) return undefined;
        const length = this.pending.readUInt32BE(0);
        if (length > 35_000 || length < 2) throw new Error("a packet of an impossible length");
        if (this.pending.length < 4 + length) return undefined;
        const payload = this.pending.subarray(5, 4 + length - this.pending.readUInt8(4));
        this.pending = this.pending.subarray(4 + length);
        return payload;
    }
}

function interpret(payload: Buffer): WireEvent | undefined {
    switch (payload[0]) {
        case message.exchangeReply:
            return { kind: "host key", key: hostKeyOf(readString(payload, 1)) };
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
    const keyExchange = readString(payload, 17).toString("latin1");
    const hostKey = readString(payload, 17 + 4 + keyExchange.length).toString("latin1");
    const common = (ours: string, theirs: string): boolean =>
        ours.split(",").some((name) => theirs.split(",").includes(name));
    return common(offered.keyExchange, keyExchange) && common(offered.hostKey, hostKey);
}

function hostKeyOf(blob: Buffer): string {
    return `${readString(blob, 0).toString("latin1")} ${blob.toString("base64")}`;
}

function readString(bytes: Buffer, offset: number): Buffer {
    const length = bytes.readUInt32BE(offset);
    return bytes.subarray(offset + 4, offset + 4 + length);
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
