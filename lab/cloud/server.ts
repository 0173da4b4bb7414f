import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Api } from "./api";
import type { Cloud } from "./cloud";
import { faultOf } from "./faults";

/** The longest request: a droplet's user data is 64 KiB at most, and JSON may double it. */
const LONGEST_BYTES = 262_144;

async function textOf(request: IncomingMessage): Promise<string> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
        length += part.length;
        if (length > LONGEST_BYTES) throw new Error("The request is too long.");
        parts.push(part);
    }
    return Buffer.concat(parts).toString("utf8");
}

function send(
    response: ServerResponse,
    status: number,
    headers: Readonly<Record<string, string>>,
    body?: object,
): void {
    const text = body === undefined ? "" : JSON.stringify(body);
    const type = body === undefined ? {} : { "content-type": "application/json; charset=utf-8" };
    response.writeHead(status, { ...headers, ...type, "content-length": Buffer.byteLength(text) }).end(text);
}

/** Serves the API. */
export function apiListener(api: Api): RequestListener {
    return (request, response) => {
        const serve = async (): Promise<void> => {
            const { method = "GET", url = "/", headers } = request;
            const outgoing = await api.handle({
                method,
                url,
                authorization: headers.authorization,
                text: await textOf(request),
            });
            if (outgoing === undefined) request.socket.destroy();
            else send(response, outgoing.status, outgoing.headers, outgoing.body);
        };
        serve().catch((error: unknown) => {
            console.error(error);
            request.socket.destroy();
        });
    };
}

/** Serves the lab's own verbs, for nobody but root on the host: GET, POST and DELETE /faults. */
export function controlListener(cloud: Cloud): RequestListener {
    return (request, response) => {
        const serve = async (): Promise<void> => {
            const text = await textOf(request);
            if (request.method === "POST") cloud.faults.add(faultOf(JSON.parse(text) as Record<string, unknown>));
            else if (request.method === "DELETE") cloud.faults.clear();
            send(response, 200, {}, { faults: cloud.faults.list() });
        };
        serve().catch((error: unknown) => {
            send(response, 400, {}, { message: error instanceof Error ? error.message : String(error) });
        });
    };
}
