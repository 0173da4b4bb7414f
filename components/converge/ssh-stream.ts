/** A piece of one side of an SSH connection (RFC 4253 §4.2 and §6). */
export type Piece =
    | { readonly kind: "banner"; readonly text: string }
    /** A packet of the key exchange, before encryption. */
    | { readonly kind: "clear"; readonly payload: Buffer }
    /** A packet after it: with AES-GCM its length stands in the clear (RFC 5647 §7.2). */
    | { readonly kind: "sealed"; readonly length: number };

/** Numbers of messages (RFC 4250 §4.1.2, RFC 5656 §7.1); a hybrid exchange uses those of ECDH. */
export const message = {
    disconnect: 1,
    keyExchangeInit: 20,
    newKeys: 21,
    exchangeInit: 30,
    exchangeReply: 31,
} as const;

const tagBytes = 16;

/** Takes one side of an SSH connection apart as it passes by. After SSH_MSG_NEWKEYS it can only follow AES-GCM. */
export class PacketReader {
    private pending = Buffer.alloc(0);
    private state: "banner" | "clear" | "sealed" = "banner";

    /** The pieces that these bytes complete, one by one. @throws Error on bytes that are not SSH */
    *push(chunk: Buffer): Generator<Piece> {
        this.pending = Buffer.concat([this.pending, chunk]);
        for (let piece = this.next(); piece !== undefined; piece = this.next()) yield piece;
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

    private next(): Piece | undefined {
        if (this.state === "banner") return this.readBanner();
        const length = this.pending.length < 5 ? undefined : this.pending.readUInt32BE(0);
        if (length === undefined) return undefined;
        if (length > 35_000 || length < 2) throw new Error("a packet of an impossible length");
        const whole = 4 + length + (this.state === "sealed" ? tagBytes : 0);
        if (this.pending.length < whole) return undefined;
        const packet = this.pending.subarray(0, whole);
        this.pending = this.pending.subarray(whole);
        if (this.state === "sealed") return { kind: "sealed", length };
        const payload = packet.subarray(5, 4 + length - packet.readUInt8(4));
        if (payload[0] === message.newKeys) this.state = "sealed";
        return { kind: "clear", payload };
    }

    private readBanner(): Piece | undefined {
        // RFC 4253 §4.2: other lines may come first.
        const match = /(?:^|\n)(SSH-[^\r\n]*)\r?\n/.exec(this.pending.toString("latin1"));
        if (match?.[1] === undefined) {
            if (this.pending.length > 8192) throw new Error("no SSH identification in the first 8 KiB");
            return undefined;
        }
        this.pending = this.pending.subarray(match.index + match[0].length);
        this.state = "clear";
        return { kind: "banner", text: match[1] };
    }
}

/** The name lists of an SSH_MSG_KEXINIT in their order (RFC 4253 §7.1), as many as asked for. */
export function nameLists(payload: Buffer, count: number): string[] {
    const lists: string[] = [];
    for (let offset = 17; lists.length < count; offset += 4 + (lists.at(-1)?.length ?? 0))
        lists.push(readString(payload, offset).toString("latin1"));
    return lists;
}

/** The host key in the server's answer of the key exchange, as in authorized_keys; undefined when it is none. */
export function hostKeyIn(exchangeReply: Buffer): string | undefined {
    const blob = readString(exchangeReply, 1);
    if (blob.length < 4) return undefined;
    const type = readString(blob, 0).toString("latin1");
    return /^[a-z0-9@.-]+$/.test(type) ? `${type} ${blob.toString("base64")}` : undefined;
}

/** A string of the SSH protocol (RFC 4251 §5). @throws RangeError when there is none at `offset` */
export function readString(bytes: Buffer, offset: number): Buffer {
    const length = bytes.readUInt32BE(offset);
    return bytes.subarray(offset + 4, offset + 4 + length);
}
