/** All of standard input, without the line end at its end. */
export async function readAll(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    // What `echo` adds; a value that ends with a line's end of its own is not meant by anybody.
    return Buffer.concat(chunks)
        .toString("utf8")
        .replace(/\r?\n$/, "");
}
