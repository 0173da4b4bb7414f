import { createHash } from "node:crypto";
import { Failure } from "./failure";
import { formatBytes } from "./output";

/** What a download came to; the bytes themselves are not kept. */
export interface Download {
    /** Hex. */
    readonly sha256: string;
    readonly bytes: number;
}

/** How long is waited, in milliseconds. */
export interface DownloadPatience {
    /** For the first byte of an answer. */
    readonly answer: number;
    /** For the next bytes. */
    readonly silence: number;
    /** Between two reports of progress. */
    readonly report: number;
}

const patience: DownloadPatience = { answer: 30_000, silence: 30_000, report: 2_000 };

/**
 * Downloads a file and hashes it as it comes, following redirects. Certificates are verified (NODE_EXTRA_CA_CERTS adds a CA).
 * @param progress told bytes so far and in all, every two seconds
 * @throws Failure naming the URL and what to do
 */
export async function download(
    url: string,
    progress: (done: number, total: number | undefined) => void,
    wait: DownloadPatience = patience,
): Promise<Download> {
    const abort = new AbortController();
    let timer = setTimeout(abort.abort.bind(abort), wait.answer);
    try {
        const response = await fetch(url, { signal: abort.signal, redirect: "follow" });
        if (!response.ok || response.body === null)
            throw new Failure(`${url} answers ${response.status} ${response.statusText}.`);
        const length = Number(response.headers.get("content-length") ?? Number.NaN);
        const total = Number.isNaN(length) || response.headers.has("content-encoding") ? undefined : length;
        const hash = createHash("sha256");
        let bytes = 0;
        let reported = performance.now();
        for await (const chunk of response.body) {
            clearTimeout(timer);
            timer = setTimeout(abort.abort.bind(abort), wait.silence);
            hash.update(chunk as Uint8Array);
            bytes += (chunk as Uint8Array).length;
            if (performance.now() - reported > wait.report) {
                reported = performance.now();
                progress(bytes, total);
            }
        }
        if (total !== undefined && bytes !== total)
            throw new Failure(`${url} broke off at ${formatBytes(bytes)} of ${formatBytes(total)}. Run it again.`);
        return { sha256: hash.digest("hex"), bytes };
    } catch (error) {
        throw error instanceof Failure ? error : new Failure(explain(url, error, abort.signal.aborted));
    } finally {
        clearTimeout(timer);
    }
}

function explain(url: string, error: unknown, silent: boolean): string {
    if (silent) return `${url} went silent. Check the network and run it again.`;
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    const reason = cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
    if (/CERT|SELF_SIGNED|UNABLE_TO/.test(reason)) {
        return `${url} shows a certificate that is not trusted (${reason}). Behind a proxy that opens TLS, set NODE_EXTRA_CA_CERTS to its CA.`;
    }
    return `${url} cannot be downloaded (${reason}). Check the network and the name servers, then run it again.`;
}
