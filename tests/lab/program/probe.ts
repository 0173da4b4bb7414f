import { spawn } from "node:child_process";
import { on, root } from "../support";

/** What a probe saw: packets sent and lost, and the longest time without an answer in seconds. */
export interface Seen {
    readonly sent: number;
    readonly lost: number;
    readonly gap: number;
}

/** Sends 50 packets a second from a machine to an address of the mesh, for half an hour at most, until it is stopped. */
export function probe(node: string, address: string): { stop: () => Promise<Seen> } {
    const ping = ["ping", "-D", "-n", "-i", "0.02", "-w", "1800", address];
    const child = spawn("tools/node", ["lab/main.ts", "exec", node, "--", ...ping], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    const ended = new Promise((done) => child.on("close", done));
    return {
        stop: async () => {
            await on(node, "pkill", "-INT", "-f", `^ping .* ${address.replaceAll(".", "\\.")}$`);
            await ended;
            return seenIn(output);
        },
    };
}

/** Reads what ping(8) printed with -D. */
export function seenIn(output: string): Seen {
    const at = [...output.matchAll(/^\[([\d.]+)\] \d+ bytes from/gm)].map(([, time]) => Number(time));
    const gaps = at.slice(1).map((time, index) => time - at[index]!);
    const [, sent = "0", received = "0"] = /^(\d+) packets transmitted, (\d+) received/m.exec(output) ?? [];
    return { sent: Number(sent), lost: Number(sent) - Number(received), gap: Math.max(0, ...gaps) };
}
