import { z } from "zod";
import { date, memorySize, money } from "../fleet/units";
import { ipv4 } from "../fleet/zod-net";
import { ipv6 } from "../fleet/zod-net6";

/** Names of nodes and locations: a DNS label (RFC 1123), because hosts answer to it. */
export const label = z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, "a name of a-z, 0-9 and -, starting with a letter, at most 63 long");

/** A Unix login name (useradd(8)). */
export const userName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, "a Unix user name");

/** A TCP or UDP port. */
export const port = z.int().min(1).max(65535);

/** A region of DigitalOcean. */
export const region = z.string().regex(/^[a-z]{3}\d$/, "a region slug like nyc3");

const machine = {
    hardware: z
        .string()
        .optional()
        .describe("The machine exists and is adopted: pi5-8gb, dgx-spark, or ARCH-MEMORYgb such as amd64-16gb."),
    droplet: z.string().optional().describe("The machine is rented from DigitalOcean: size slug such as s-1vcpu-1gb."),
    region: region.optional().describe("DigitalOcean region of a droplet."),
    os: z
        .enum(["debian-12", "debian-13", "ubuntu-24.04", "raspberry-pi-os-12", "raspberry-pi-os-13"])
        .optional()
        .describe(
            "Operating system; what the hardware comes with when left out: Raspberry Pi OS 13, Ubuntu 24.04 on a Spark, Debian 13.",
        ),
    disk: z
        .string()
        .optional()
        .describe(
            "Kind and size of the disk that the system and its data lie on, in GB: sd-128gb, usb-ssd-500gb, nvme-1tb.",
        ),
    pages: z
        .enum(["4k", "16k"])
        .optional()
        .describe("Page size of the kernel it boots; that of the hardware when left out."),
    pcie: z
        .literal([2, 3])
        .optional()
        .describe(
            "Generation that the PCIe connector of a Pi 5 runs at; left to its firmware when left out. Raspberry Pi certifies 2; its AI HATs ask for 3 themselves.",
        ),
    supply: z
        .string()
        .regex(/^\d{1,4}w$/, "watts like 27w")
        .transform((text) => Number(text.slice(0, -1)))
        .optional()
        .describe("What its power supply gives, in watts."),
    watts: z
        .string()
        .regex(/^\d{1,4}(\.\d)?w$/, "watts like 15w")
        .transform((text) => Number(text.slice(0, -1)))
        .optional()
        .describe("What it draws at the wall over a month, in watts; halfway between idle and busy when left out."),
    circuit: label.optional().describe("Electric circuit or rack feed; nodes of one circuit fail together."),
    ups: label.optional().describe("Uninterruptible power supply it hangs on."),
    npu: z.string().optional().describe("Accelerator on it: hailo-8l, hailo-8 or hailo-10h."),
    cost: money("/month").optional().describe("Rent of a machine that is not a droplet."),
    price: money("").optional().describe("What it cost; the price of its profile when left out."),
    reserve: memorySize.optional().describe("Memory kept for the system itself; of the hardware when left out."),
};

const reach = {
    location: label.optional().describe("Where it stands; nodes of one location share a LAN. A droplet needs none."),
    address: ipv4
        .optional()
        .describe(
            "Address it is reached at. A private one (RFC 1918, RFC 6598) means it stands behind NAT. A droplet gets its own.",
        ),
    ipv6: ipv6
        .optional()
        .describe(
            "Its lasting IPv6 address on the internet, where it stands behind NAT: two nodes of different locations that both have one need no relay.",
        ),
    mesh: ipv4.optional().describe("Address in the mesh; derived from the name when left out."),
    user: userName.optional().describe("Login; ssh.user when left out."),
    port: port.optional().describe("TCP port of its sshd; 22 when left out."),
    via: z
        .union([label, z.array(label).min(1)])
        .transform((names) => (Array.isArray(names) ? names : [names]))
        .optional()
        .describe(
            "Node, or nodes in order of preference, through which it is reached when it does not answer directly.",
        ),
};

const clock = String.raw`([01]\d|2[0-3]):[0-5]\d`;

const life = {
    reboot: z
        .string()
        .regex(new RegExp(`^(never|allowed|${clock}-${clock})$`), "never, allowed, or hours in UTC like 02:00-04:30")
        .optional()
        .describe(
            "Whether `up` may start it again when something needs that, one node at a time: never (the default), allowed, or within hours in UTC like 02:00-04:30.",
        ),
    incarnation: z
        .int()
        .min(1)
        .default(1)
        .describe("Goes up when the machine behind the name is a new one, so that everything is sent again."),
    offline: date
        .optional()
        .describe("Not dialled since that day; what would change waits. Delete it when it is back."),
    leaving: z
        .literal([true, "gone"])
        .optional()
        .describe(
            "true: the next up takes everything of ours off it. gone: the machine is gone for good and is forgotten.",
        ),
};

/** One machine: `hardware` exists and is adopted, `droplet` is rented. Exactly one of them (SE018). */
export const nodeSchema = z.strictObject({ ...machine, ...reach, ...life }).describe("A machine you own or rent.");

/** A node as written, defaults filled in. */
export type NodeEntry = z.infer<typeof nodeSchema>;
