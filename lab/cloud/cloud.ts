import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { notFound } from "./errors";
import { Faults } from "./faults";
import type { Hypervisor } from "./hypervisor";
import type { Account, Droplet } from "./types";

/** Where the real provider's droplet numbers were when this was written. */
const FIRST_ID = 425_728_444;

/** Now, in whole seconds (RFC 3339). */
export function now(): string {
    return `${new Date().toISOString().slice(0, 19)}Z`;
}

/** An account as the provider opens it: empty but for its default project. */
export function newAccount(): Account {
    const opened = now();
    const project = {
        id: randomUUID(),
        name: "first-project",
        description: "Update your project information under Settings",
        purpose: "Just trying out DigitalOcean",
        environment: "Development",
        isDefault: true,
        createdAt: opened,
        updatedAt: opened,
        resources: {},
    };
    return {
        nextId: FIRST_ID,
        keys: [],
        tags: [],
        vpcs: [],
        firewalls: [],
        droplets: [],
        reservedIps: [],
        actions: [],
        projects: [project],
    };
}

/** The emulated provider: an account, the machines behind it, and the faults that it was told to have. */
export class Cloud {
    readonly faults = new Faults();
    readonly account: Account;

    /**
     * @param record file that keeps the account; without it nothing is kept
     * @param slowness milliseconds that an action takes before it begins
     */
    constructor(
        readonly machines: Hypervisor,
        private readonly record?: string,
        readonly slowness = 300,
    ) {
        const kept = record !== undefined && existsSync(record);
        this.account = kept ? (JSON.parse(readFileSync(record, "utf8")) as Account) : newAccount();
    }

    /** The next number; droplets, keys and actions share them. */
    nextId(): number {
        return this.account.nextId++;
    }

    /** Whether the droplet's machine has power. */
    readonly power = (droplet: Droplet): boolean => this.machines.isOn(droplet);

    /** @throws ApiError 404 when there is no such droplet. */
    droplet(id: number): Droplet {
        return found(this.account.droplets.find((droplet) => droplet.id === id));
    }

    /** Keeps the account on disk. */
    save(): void {
        if (this.record === undefined) return;
        writeFileSync(`${this.record}.new`, JSON.stringify(this.account), { mode: 0o600 });
        renameSync(`${this.record}.new`, this.record);
    }
}

/** @throws ApiError 404 for what is not there. */
export function found<T>(value: T | undefined): T {
    if (value === undefined) throw notFound();
    return value;
}
