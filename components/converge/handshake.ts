import { hostKeyIn, message, nameLists, PacketReader } from "./ssh-stream";

/**
 * How far an SSH connection is: the key exchange, in the clear; the login; a session. `unreadable`: the key exchange is
 * over, and with the cipher that was agreed on nobody but the two ends sees where the login ends.
 */
export type Phase = "exchange" | "login" | "session" | "unreadable";

/** The list of an SSH_MSG_KEXINIT with the ciphers from the server to the client (RFC 4253 §7.1). */
const serverCiphers = 3;

/**
 * A packet of one block, after the key exchange. SSH_MSG_USERAUTH_SUCCESS is the only message of a login that is short
 * enough for it (RFC 4252): 1 byte of payload, where SSH_MSG_USERAUTH_FAILURE has 15 and an accepted service 17.
 */
const oneBlock = 16;

/** Follows a connection from its first byte to the end of the login. */
export class Handshake {
    phase: Phase = "exchange";
    /**
     * Whether the server has spoken after the login: sshd counts a login as over a moment after it has told the client,
     * and before it says anything else.
     */
    settled = false;
    /** The key that the server shows, as in authorized_keys; its signature is not looked at here. */
    hostKey: string | undefined;
    private readonly client = new PacketReader();
    private readonly server = new PacketReader();
    private clientCiphers: readonly string[] | undefined;
    private offered: readonly string[] = [];

    /** Takes in what the client sent. */
    fromClient(chunk: Buffer): void {
        if (this.phase !== "exchange" || this.clientCiphers !== undefined) return;
        this.read(this.client, chunk, (type, payload) => {
            if (type === message.keyExchangeInit) this.clientCiphers = ciphersOf(payload);
        });
    }

    /** Takes in what the server sent. */
    fromServer(chunk: Buffer): void {
        if (this.settled || this.phase === "unreadable") return;
        this.read(this.server, chunk, (type, payload) => {
            if (type === message.keyExchangeInit) this.offered = ciphersOf(payload);
            if (type === message.exchangeReply) this.hostKey = hostKeyIn(payload);
            if (type === message.newKeys) this.phase = this.lengthsAreClear() ? "login" : "unreadable";
        });
    }

    private read(reader: PacketReader, chunk: Buffer, take: (type: number, payload: Buffer) => void): void {
        try {
            for (const piece of reader.push(chunk)) {
                if (this.phase === "session") this.settled = true;
                else if (piece.kind === "clear") take(piece.payload[0] ?? 0, piece.payload);
                else if (piece.kind === "sealed" && piece.length === oneBlock) this.phase = "session";
                if (this.settled || this.phase === "unreadable") return;
            }
        } catch {
            // Not SSH, or no packet as we know them: whoever dialled will say so.
            this.phase = "unreadable";
        }
    }

    /** RFC 4253 §7.1: the first of the client's ciphers that the server has too. */
    private lengthsAreClear(): boolean {
        const agreed = this.clientCiphers?.find((cipher) => this.offered.includes(cipher));
        return agreed?.endsWith("-gcm@openssh.com") === true;
    }
}

function ciphersOf(keyExchangeInit: Buffer): string[] {
    return nameLists(keyExchangeInit, serverCiphers + 1)[serverCiphers]?.split(",") ?? [];
}
