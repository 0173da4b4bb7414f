import { createInterface } from "node:readline";
import { Writable, type Readable } from "node:stream";

/** Where a question is read from and written to. */
export interface Terminal {
    readonly input: Readable;
    readonly output: Writable;
}

const own: Terminal = { input: process.stdin, output: process.stderr };

/** Whether somebody can be asked. */
export function canAsk(): boolean {
    return process.stdin.isTTY;
}

/** Asks and gives the line that was typed; an interrupt or the end of the input gives an empty one. */
export function ask(question: string, terminal = own): Promise<string> {
    return readLine(question, terminal, false);
}

/** The same, without showing what is typed. */
export function askHidden(question: string, terminal = own): Promise<string> {
    return readLine(question, terminal, true);
}

function readLine(question: string, { input, output }: Terminal, hidden: boolean): Promise<string> {
    output.write(question);
    const nowhere = new Writable({
        write(_chunk, _encoding, done) {
            done();
        },
    });
    const lines = createInterface({ input, output: hidden ? nowhere : output, terminal: hidden });
    return new Promise((resolve) => {
        let typed = "";
        lines.once("line", (line) => {
            typed = line;
            lines.close();
        });
        lines.once("SIGINT", () => {
            lines.close();
        });
        lines.once("close", () => {
            if (hidden) output.write("\n");
            resolve(typed);
        });
    });
}
