import { request } from "node:http";
import { join } from "node:path";
import { LOGS, RUN } from "../paths";
import type { Fault, FaultKind } from "./faults";
import { readJournal } from "./journal";
import type { Entry } from "./journal";

/** Run-time files of the emulator; nobody but root reads them. */
export const FOLDER = join(RUN, "cloud");
/** Socket of the lab's verbs. */
export const CONTROL = join(FOLDER, "control.sock");
/** The account. */
export const RECORD = join(FOLDER, "account.json");
/** Every call, a line of JSON each. */
export const JOURNAL = join(LOGS, "cloud.journal");

/** A fault as it is asked for; see FAULT_KINDS for what each does. */
export interface FaultOrder {
    readonly kind: FaultKind;
    /** Method and path, `*` for any: "GET /v2/droplets/*". All requests unless given. */
    readonly on?: string;
    /** How many such requests go well before; none unless given. */
    readonly after?: number;
    /** Once unless given. */
    readonly times?: number;
    readonly status?: number;
    readonly seconds?: number;
}

function call(method: string, body?: unknown): Promise<readonly Fault[]> {
    return new Promise((resolve, reject) => {
        const asked = request({ socketPath: CONTROL, path: "/faults", method }, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (part: string) => (text += part));
            response.on("end", () => {
                const answer = JSON.parse(text) as { faults?: readonly Fault[]; message?: string };
                if (answer.faults === undefined) reject(new Error(answer.message));
                else resolve(answer.faults);
            });
        });
        asked.on("error", () => {
            reject(new Error("The emulated cloud does not answer. Is the lab up? `npm run lab -- up`"));
        });
        asked.end(body === undefined ? "" : JSON.stringify(body));
    });
}

/**
 * Tells the emulator to fail; resolves to all faults in waiting.
 * @throws Error for a fault that it does not know.
 */
export function setCloudFault(order: FaultOrder): Promise<readonly Fault[]> {
    return call("POST", order);
}

/** Takes back every fault that has not happened, and lets go of droplets that are held up. */
export function clearCloudFaults(): Promise<readonly Fault[]> {
    return call("DELETE");
}

/** The faults in waiting. */
export function cloudFaults(): Promise<readonly Fault[]> {
    return call("GET");
}

/** Every call to the API since the lab's disks exist, the oldest first. */
export function cloudJournal(): Entry[] {
    return readJournal(JOURNAL);
}
