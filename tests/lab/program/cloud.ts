import { cloudJournal } from "../../../lab/cloud/control";
import { CLOUD } from "../../../lab/plan";
import { operator, withInventory } from "../support";

/** The size of the dev fleet's droplets. */
export const small = "s-1vcpu-1gb";

/** Runs with a second droplet, in a region of its own, beside gematria. @param more what stands at the end of its block */
export function withVega(size: string, more: string, body: () => Promise<void>): Promise<void> {
    const anchor = "  gematria: { droplet";
    const entry = `  vega:     { droplet: ${size}, region: sfo3, mesh: 10.44.0.2${more} }\n`;
    return withInventory([[anchor, `${entry}${anchor}`]], body);
}

/** A call to the API under its real name, from where the operator stands. */
export async function api<T>(method: string, path: string, body?: object): Promise<T> {
    const sent = body === undefined ? [] : ["-H", "Content-Type: application/json", "--data-binary", "@-"];
    const authorization = ["-H", `Authorization: Bearer ${CLOUD.token}`];
    const url = `https://${CLOUD.host}/v2${path}`;
    const curl = ["curl", "-sS", "--fail-with-body", "--max-time", "60", "-X", method, ...authorization, ...sent, url];
    const { code, text } = await operator(curl, { input: body === undefined ? "" : JSON.stringify(body) });
    if (code !== 0) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text === "" ? "{}" : text) as T;
}

/** Every call so far that may have changed something, as `METHOD PATH`. */
export function writes(): string[] {
    return cloudJournal()
        .filter(({ method }) => method !== "GET")
        .map(({ method, path }) => `${method} ${path}`);
}

/** How many droplets these calls have made. */
export function made(calls: readonly string[]): number {
    return calls.filter((call) => call === "POST /v2/droplets").length;
}
