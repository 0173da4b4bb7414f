import { IMAGES, REGIONS, SIZES } from "./catalogue";
import { networkOf } from "./ranges";
import type { Account, Action, Droplet, Firewall, Key, Project, ReservedIp, Rule, Vpc } from "./types";

/** A value as the API writes it. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json };
/** An object as the API writes it. */
export interface JsonObject {
    readonly [name: string]: Json;
}

/** Asks whether the machine behind a droplet has power. */
export type PowerOf = (droplet: Droplet) => boolean;

/** Origin of every absolute address in an answer. */
export const ORIGIN = "https://api.digitalocean.com";

const FEATURES = ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"];
const HOURS_A_MONTH = 672;

/** A region. @throws Error for a slug that is not in the catalogue. */
export function regionView(slug: string): JsonObject {
    const region = REGIONS.find((one) => one.slug === slug);
    if (region === undefined) throw new Error(`No region ${slug}`);
    return { ...region, features: FEATURES, available: true, sizes: SIZES.map((size) => size.slug) };
}

function sizeView(slug: string): JsonObject {
    const size = SIZES.find((one) => one.slug === slug);
    if (size === undefined) throw new Error(`No size ${slug}`);
    const { monthly, ...rest } = size;
    return {
        ...rest,
        price_monthly: monthly,
        price_hourly: Math.round((monthly / HOURS_A_MONTH) * 100_000) / 100_000,
        regions: REGIONS.map((region) => region.slug),
        available: true,
        description: "Basic",
    };
}

function imageView(slug: string): JsonObject {
    const image = IMAGES.find((one) => one.slug === slug);
    if (image === undefined) throw new Error(`No image ${slug}`);
    return {
        ...image,
        type: "base",
        public: true,
        regions: REGIONS.map((region) => region.slug),
        created_at: "2025-08-12T00:00:00Z",
        min_disk_size: 10,
        size_gigabytes: 1.1,
        description: "Debian 13 (Trixie) x64",
        tags: [],
        status: "available",
    };
}

function networksView(account: Account, droplet: Droplet): JsonObject {
    const vpc = account.vpcs.find(({ id }) => id === droplet.vpc);
    const own = networkOf(vpc?.range ?? "10.0.0.0/20");
    const reserved = account.reservedIps
        .filter((one) => one.droplet === droplet.id)
        .map(({ ip }) => ({ ip_address: ip, netmask: "255.255.240.0", gateway: "203.0.113.1", type: "public" }));
    return {
        v4: [
            { ip_address: droplet.address, netmask: "255.255.255.0", gateway: "203.0.113.1", type: "public" },
            ...reserved,
            { ip_address: droplet.privateAddress, netmask: own.netmask, gateway: own.first, type: "private" },
        ],
        v6: [],
    };
}

/** Whether an action holds the droplet: one of its own, or the assignment of a reserved address. */
export function isBusy(account: Account, id: number): boolean {
    return account.actions.some(
        ({ status, resource, order }) =>
            status === "in-progress" && (resource.type === "droplet" ? resource.id === id : order["droplet"] === id),
    );
}

/** A droplet, whole. */
export function dropletView(account: Account, droplet: Droplet, power: PowerOf): JsonObject {
    const size = SIZES.find(({ slug }) => slug === droplet.size);
    const features = { backups: droplet.backups, ipv6: droplet.ipv6, monitoring: droplet.monitoring };
    return {
        id: droplet.id,
        name: droplet.name,
        memory: size?.memory ?? 0,
        vcpus: size?.vcpus ?? 0,
        disk: droplet.disk,
        locked: isBusy(account, droplet.id),
        status: droplet.life === "new" ? "new" : power(droplet) ? "active" : "off",
        kernel: null,
        created_at: droplet.createdAt,
        features: [
            ...Object.entries(features).flatMap(([name, on]) => (on ? [name] : [])),
            "private_networking",
            ...(droplet.agent ? ["droplet_agent"] : []),
        ],
        backup_ids: [],
        next_backup_window: null,
        snapshot_ids: [],
        image: imageView(droplet.image),
        volume_ids: [],
        size: sizeView(droplet.size),
        size_slug: droplet.size,
        networks: networksView(account, droplet),
        region: regionView(droplet.region),
        tags: droplet.tags,
        vpc_uuid: droplet.vpc,
    };
}

/** An action. */
export function actionView(action: Action): JsonObject {
    return {
        id: action.id,
        status: action.status,
        type: action.type,
        started_at: action.startedAt,
        completed_at: action.completedAt ?? null,
        resource_id: action.resource.id,
        resource_type: action.resource.type,
        region: regionView(action.region),
        region_slug: action.region,
    };
}

/** A key. */
export function keyView({ id, name, fingerprint, publicKey }: Key): JsonObject {
    return { id, name, fingerprint, public_key: publicKey };
}

/** A tag with what carries it. */
export function tagView(account: Account, name: string): JsonObject {
    const carriers = account.droplets.filter(({ tags }) => tags.includes(name));
    const last = carriers.at(-1);
    const counted = {
        count: carriers.length,
        ...(last === undefined ? {} : { last_tagged_uri: `${ORIGIN}/v2/droplets/${last.id}` }),
    };
    const none = { count: 0 };
    return {
        name,
        resources: {
            ...counted,
            droplets: counted,
            images: none,
            volumes: none,
            volume_snapshots: none,
            databases: none,
        },
    };
}

/** A private network. */
export function vpcView(vpc: Vpc): JsonObject {
    return {
        id: vpc.id,
        urn: `do:vpc:${vpc.id}`,
        name: vpc.name,
        description: vpc.description,
        region: vpc.region,
        ip_range: vpc.range,
        created_at: vpc.createdAt,
        default: vpc.isDefault,
    };
}

function ruleView(rule: Rule): JsonObject {
    return { ...rule } as unknown as JsonObject;
}

/** A firewall. @param status "waiting" in the answer to a write */
export function firewallView(firewall: Firewall, status: "waiting" | "succeeded"): JsonObject {
    return {
        id: firewall.id,
        name: firewall.name,
        status,
        inbound_rules: firewall.inbound.map(ruleView),
        outbound_rules: firewall.outbound.map(ruleView),
        created_at: firewall.createdAt,
        droplet_ids: firewall.dropletIds,
        tags: firewall.tags,
        pending_changes: [],
    };
}

/** A reserved address. */
export function reservedView(account: Account, reserved: ReservedIp, power: PowerOf): JsonObject {
    const droplet = account.droplets.find(({ id }) => id === reserved.droplet);
    return {
        ip: reserved.ip,
        region: regionView(reserved.region),
        droplet: droplet === undefined ? null : dropletView(account, droplet, power),
        locked: false,
        project_id: account.projects.find(({ resources }) => `do:floatingip:${reserved.ip}` in resources)?.id ?? "",
    };
}

/** A project. */
export function projectView(project: Project): JsonObject {
    return {
        id: project.id,
        owner_uuid: "3fb0a2ac-8d3c-4d3f-8a57-b4c2c2c5a1d4",
        owner_id: 1,
        name: project.name,
        description: project.description,
        purpose: project.purpose,
        environment: project.environment,
        is_default: project.isDefault,
        created_at: project.createdAt,
        updated_at: project.updatedAt,
    };
}
