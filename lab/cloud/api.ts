import { randomUUID } from "node:crypto";
import type { Cloud } from "./cloud";
import { Description } from "./description";
import { ApiError, notFound, tooManyRequests, unprocessable } from "./errors";
import type { Fault } from "./faults";
import { withoutSecrets } from "./journal";
import type { Entry } from "./journal";
import { Rate } from "./rate";
import type { Answer, Call, Handler, Routes } from "./route";
import { actionRoutes } from "./routes/actions";
import { dropletRoutes } from "./routes/droplets";
import { firewallRoutes } from "./routes/firewalls";
import { keyRoutes } from "./routes/keys";
import { projectRoutes } from "./routes/projects";
import { reservedRoutes } from "./routes/reserved";
import { tagRoutes } from "./routes/tags";
import { vpcRoutes } from "./routes/vpcs";
import type { JsonObject } from "./views";

/** A request as it came in. */
export interface Incoming {
    readonly method: string;
    /** Path and query. */
    readonly url: string;
    readonly authorization?: string | undefined;
    readonly text: string;
}

/** What goes out; without it the connection is closed. */
export interface Outgoing {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: JsonObject;
}

/** All that the emulator can do. */
export const ROUTES: Routes = {
    ...actionRoutes,
    ...dropletRoutes,
    ...firewallRoutes,
    ...keyRoutes,
    ...projectRoutes,
    ...reservedRoutes,
    ...tagRoutes,
    ...vpcRoutes,
};

/** An operation that a request was found to be. */
interface Match {
    readonly operation: string;
    readonly handler: Handler;
    readonly params: Readonly<Record<string, string>>;
}

function matchOne(operation: string, handler: Handler, method: string, path: string): Match | undefined {
    const [wantedMethod, template = ""] = operation.split(" ");
    const [wanted, parts] = [template.split("/"), path.split("/")];
    if (wantedMethod !== method || wanted.length !== parts.length) return undefined;
    const isName = (part: string): boolean => part.startsWith("{");
    if (!wanted.every((part, index) => isName(part) || part === parts[index])) return undefined;
    const params = wanted.flatMap((part, index) => (isName(part) ? [[part.slice(1, -1), parts[index] ?? ""]] : []));
    return { operation, handler, params: Object.fromEntries(params) as Record<string, string> };
}

/** The operation of a request; a path with fewer names in it is the closer one (`default` is no project's number). */
export function match(method: string, path: string): Match | undefined {
    const matches = Object.entries(ROUTES).flatMap(
        ([operation, handler]) => matchOne(operation, handler, method, path) ?? [],
    );
    return matches.sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length)[0];
}

function bodyOf(text: string): Readonly<Record<string, unknown>> {
    if (text === "") return {};
    try {
        return JSON.parse(text) as Readonly<Record<string, unknown>>;
    } catch {
        throw new ApiError(400, "bad_request", "The request's body is not JSON.");
    }
}

/** The API: turns requests into answers, and notes each. */
export class Api {
    private readonly description = new Description();
    private readonly rate: Rate;

    constructor(
        private readonly cloud: Cloud,
        private readonly token: string,
        private readonly write: (entry: Entry) => void,
        rate = new Rate(),
    ) {
        this.rate = rate;
    }

    /** Answers a request; undefined when nothing is to be answered. */
    async handle(incoming: Incoming): Promise<Outgoing | undefined> {
        const { method } = incoming;
        const url = new URL(incoming.url, "http://api");
        const fault = this.cloud.faults.take(["fail", "fail-after", "limit", "silence", "delay"], method, url.pathname);
        const verdict = this.rate.count(Date.now());
        const requestId = randomUUID();
        const entry: { -readonly [name in keyof Entry]: Entry[name] } = { at: "", method, path: incoming.url };
        const outgoing = this.answer(incoming, url, fault, verdict.wait, entry);
        entry.at = new Date().toISOString();
        entry.status = outgoing.status;
        if (fault !== undefined) entry.fault = fault.kind;
        const headers = { ...verdict.headers, "x-request-id": requestId, ...outgoing.headers };
        if (fault?.kind === "silence") delete entry.status;
        this.write(entry);
        if (fault?.kind === "delay" || fault?.kind === "silence") await this.cloud.faults.hold(fault.seconds);
        return fault?.kind === "silence" ? undefined : { ...withRequestId(outgoing, requestId), headers };
    }

    private answer(
        incoming: Incoming,
        url: URL,
        fault: Fault | undefined,
        wait: number | undefined,
        entry: { sent?: unknown; message?: string; mismatch?: string },
    ): Outgoing {
        try {
            if (wait !== undefined) throw tooManyRequests(wait);
            if (fault?.kind === "limit") throw tooManyRequests(fault.seconds);
            if (fault?.kind === "fail") throw failure(fault.status);
            if (incoming.authorization !== `Bearer ${this.token}`)
                throw new ApiError(401, "Unauthorized", "Unable to authenticate you");
            const body = bodyOf(incoming.text);
            if (incoming.text !== "") entry.sent = withoutSecrets(body);
            const answer = this.perform(incoming, url, body);
            if (fault?.kind === "fail-after") throw failure(fault.status);
            return { headers: {}, ...answer };
        } catch (error) {
            if (!(error instanceof ApiError)) console.error(error);
            const refusal =
                error instanceof ApiError
                    ? error
                    : new ApiError(500, "server_error", `The emulator failed: ${String(error)}`);
            entry.message = refusal.message;
            if (refusal.id === "mismatch") entry.mismatch = refusal.message;
            const body = { id: refusal.id, message: refusal.message };
            return { status: refusal.status, headers: refusal.headers, body };
        }
    }

    private perform(incoming: Incoming, url: URL, body: Readonly<Record<string, unknown>>): Answer {
        const matched = match(incoming.method, url.pathname);
        if (matched === undefined)
            // 501: clients do not ask a second time.
            throw new ApiError(501, "not_emulated", `The emulator does not know ${incoming.method} ${url.pathname}.`);
        const { operation, handler, params } = matched;
        const unknown = this.description.queryComplaint(operation, url.searchParams);
        if (unknown !== undefined) throw new ApiError(400, "mismatch", `${unknown}.`);
        const wrong = this.description.requestComplaint(operation, body);
        if (wrong !== undefined) throw unprocessable(`The request does not fit the API's description: ${wrong}.`);
        const call: Call = { path: url.pathname, params, query: url.searchParams, body };
        const answer = handler(this.cloud, call);
        this.cloud.save();
        const odd = this.description.answerComplaint(operation, answer.status, answer.body);
        if (odd !== undefined)
            throw new ApiError(500, "mismatch", `The emulator's answer to ${operation} is wrong: ${odd}.`);
        return answer;
    }
}

function failure(status: number): ApiError {
    if (status === 404) return notFound();
    return new ApiError(
        status,
        status === 503 ? "service_unavailable" : "server_error",
        "Unexpected server-side error",
    );
}

function withRequestId(outgoing: Outgoing, requestId: string): Outgoing {
    const { body } = outgoing;
    return outgoing.status < 400 || body === undefined
        ? outgoing
        : { ...outgoing, body: { ...body, request_id: requestId } };
}
