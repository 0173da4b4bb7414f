import type { Socket } from "node:net";
import { clientHello, ServerReader } from "./ssh-wire";

/**
 * The host key that the server on a connection shows, as in authorized_keys, and nothing when it shows none. The
 * connection is used up.
 * @param patience milliseconds for the answer
 */
export function shownKey(far: Socket, patience: number): Promise<string | undefined> {
    const reader = new ServerReader();
    return new Promise((done) => {
        const end = (key?: string): void => {
            far.destroy();
            done(key);
        };
        far.setTimeout(patience, end);
        far.on("error", () => {
            end();
        });
        far.on("close", () => {
            end();
        });
        far.on("data", (chunk: Buffer) => {
            const key = readKey(reader, chunk);
            if (key !== "") end(key);
        });
        far.write(clientHello());
        far.resume();
    });
}

/** The key once it is there, an empty text before, nothing when there will be none. */
function readKey(reader: ServerReader, chunk: Buffer): string | undefined {
    try {
        for (const event of reader.push(chunk)) {
            if (event.kind === "host key") return event.key;
            if (event.kind === "disconnect") return undefined;
        }
        return "";
    } catch {
        return undefined;
    }
}
