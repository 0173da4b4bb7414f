/** Bytes of an SSH connection (RFC 4253), as far as they are in the clear. */

/** An ed25519 host key that nobody uses. */
export const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGd0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0";
/** Another one. */
export const otherKey = hostKey.replace("IGd0", "IGd1");

export const gcm = "aes128-gcm@openssh.com";
export const chacha = "chacha20-poly1305@openssh.com";

/** A side's identification and its offer of algorithms. */
export function hello(ciphers: string): Buffer {
    const lists = ["curve25519-sha256", "ssh-ed25519", "aes256-ctr", ciphers, "", "", "none", "none", "", ""];
    const init = Buffer.concat([Buffer.from([20]), Buffer.alloc(16), ...lists.map(sshString), Buffer.alloc(5)]);
    return Buffer.concat([Buffer.from("SSH-2.0-Test\r\n"), packet(init)]);
}

/** The server's answer of the key exchange, and the word that encryption begins. */
export function exchangeReply(key = hostKey): Buffer {
    const reply = [Buffer.from([31]), sshString(Buffer.from(key.split(" ")[1]!, "base64")), sshString("x")];
    return Buffer.concat([packet(Buffer.concat(reply)), packet(Buffer.from([21]))]);
}

/** A packet under AES-GCM: its length in the clear, then what nobody can read. */
export function sealed(length: number): Buffer {
    const bytes = Buffer.alloc(4 + length + 16, 0xee);
    bytes.writeUInt32BE(length);
    return bytes;
}

/** What a server says from its first byte to the end of the login, as OpenSSH 10 does: the last packet is the success. */
export const login = [272, 32, 64, 80, 16].map(sealed);

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
