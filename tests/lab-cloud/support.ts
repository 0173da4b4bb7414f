import { Api } from "../../lab/cloud/api";
import { Cloud } from "../../lab/cloud/cloud";
import type { Hypervisor, Seed } from "../../lab/cloud/hypervisor";
import type { Entry } from "../../lab/cloud/journal";
import { Rate } from "../../lab/cloud/rate";
import type { Droplet } from "../../lab/cloud/types";
import { CLOUD } from "../../lab/plan";

/** An answer with its body as tests read it. */
export interface Reply {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** The body; empty when there is none. */
    readonly body: Record<string, Record<string, unknown> & Record<string, unknown>[]> & {
        id?: string;
        message?: string;
    };
}

/** Machines that are nothing but a note of what was asked of them. */
export class PaperMachines implements Hypervisor {
    readonly seeds = new Map<string, Seed>();
    readonly on = new Set<string>();
    readonly taken = { names: ["alice"], addresses: ["203.0.113.11"] };
    wired = 0;

    create({ machine }: Droplet, seed: Seed): void {
        this.seeds.set(machine, seed);
    }
    powerOn({ machine }: Droplet): Promise<void> {
        this.on.add(machine);
        return Promise.resolve();
    }
    powerOff({ machine }: Droplet): Promise<void> {
        this.on.delete(machine);
        return Promise.resolve();
    }
    shutDown(droplet: Droplet): Promise<void> {
        return this.powerOff(droplet);
    }
    isOn({ machine }: Droplet): boolean {
        return this.on.has(machine);
    }
    async destroy(droplet: Droplet): Promise<void> {
        await this.powerOff(droplet);
        this.seeds.delete(droplet.machine);
    }
    wire(): void {
        this.wired += 1;
    }
}

/** An emulated provider without machines. @param rate limits other than the real ones @param record file that keeps the account */
export function emulator(rate = new Rate(), record?: string) {
    const machines = new PaperMachines();
    const cloud = new Cloud(machines, record, 1);
    const journal: Entry[] = [];
    const api = new Api(cloud, CLOUD.token, (entry) => journal.push(entry), rate);
    const raw = (method: string, path: string, body?: object, token: string = CLOUD.token) =>
        api.handle({
            method,
            url: `/v2${path}`,
            authorization: `Bearer ${token}`,
            text: body === undefined ? "" : JSON.stringify(body),
        });
    const call = async (method: string, path: string, body?: object): Promise<Reply> => {
        const { status, headers, body: answered = {} } = (await raw(method, path, body))!;
        return { status, headers, body: answered as Reply["body"] };
    };
    return { call, raw, cloud, journal, machines };
}

/** What `emulator` gives. */
export type Emulator = ReturnType<typeof emulator>;

/** An ed25519 key, as ssh-keygen wrote it for this test; its MD5 fingerprint is `FINGERPRINT`. */
export const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMdMG2N1VmONDhyJSkOHMAB19vwt2Vnhv7JiuHOpl/UI test";
/** By `ssh-keygen -l -E md5`. */
export const FINGERPRINT = "64:5a:c5:b3:5f:d4:28:a4:f6:a5:5e:e8:c5:59:81:c6";

/** The smallest droplet that can be made. */
export const SMALL = { name: "edge-1", region: "nyc3", size: "s-1vcpu-1gb", image: "debian-13-x64" };

/** Makes a droplet and waits until it is active; its number. */
export async function droplet({ call }: Emulator, with_: object = {}): Promise<number> {
    const made = await call("POST", "/droplets", { ...SMALL, ...with_ });
    if (made.status !== 202) throw new Error(JSON.stringify(made.body));
    const id = Number(made.body["droplet"]!["id"]);
    await settled({ call }, id);
    return id;
}

/** Waits until a droplet does nothing; its view. */
export async function settled({ call }: Pick<Emulator, "call">, id: number): Promise<Record<string, unknown>> {
    for (let tries = 0; tries < 200; tries++) {
        const { body } = await call("GET", `/droplets/${id}`);
        if (body["droplet"]?.["locked"] !== true) return body["droplet"] ?? {};
        await new Promise((later) => setTimeout(later, 2));
    }
    throw new Error(`Droplet ${id} stays locked.`);
}
