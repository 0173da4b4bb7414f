import type { Cloud } from "./cloud";
import type { JsonObject } from "./views";

/** A request that has been checked against the API's description. */
export interface Call {
    readonly path: string;
    /** Parts of the path by their name in the description. */
    readonly params: Readonly<Record<string, string>>;
    readonly query: URLSearchParams;
    readonly body: Readonly<Record<string, unknown>>;
}

/** An answer; without a body it is empty. */
export interface Answer {
    readonly status: number;
    readonly body?: JsonObject;
}

/**
 * Answers a call.
 * @throws ApiError for a refusal.
 */
export type Handler = (cloud: Cloud, call: Call) => Answer;

/** Handlers by operation, as the description names them: `GET /v2/droplets/{droplet_id}`. */
export type Routes = Readonly<Record<string, Handler>>;

/** 200 with a body. */
export function ok(body: JsonObject): Answer {
    return { status: 200, body };
}

/** 204. */
export const NOTHING: Answer = { status: 204 };

/** A text of the body; undefined when it is not there. */
export function text(call: Call, name: string): string | undefined {
    const value = call.body[name];
    return typeof value === "string" ? value : undefined;
}

/** A part of the path; empty when the path has none of this name. */
export function param(call: Call, name: string): string {
    return call.params[name] ?? "";
}

/** A list of texts of the body; empty when it is not there or null. */
export function texts(call: Call, name: string): string[] {
    const value = call.body[name];
    return Array.isArray(value) ? value.map(String) : [];
}

/** Whether a switch of the body is on. */
export function flag(call: Call, name: string): boolean {
    return call.body[name] === true;
}
