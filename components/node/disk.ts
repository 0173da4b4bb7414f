/** Kinds of disks by the word an inventory uses. */
export const diskKinds = ["sd", "emmc", "usb-ssd", "ssd", "nvme", "hdd"] as const;
/** One of them. */
export type DiskKind = (typeof diskKinds)[number];

/** A disk that a node's system and data lie on. */
export interface Disk {
    readonly kind: DiskKind;
    /** Bytes, 1 GB = 10^9, as disks are sold. */
    readonly size: number;
}

/** Disks as an inventory writes them, for error texts. */
export const diskNames: readonly string[] = ["sd-128gb", "usb-ssd-500gb", "nvme-1tb", "ssd-80gb", "hdd-4tb"];

/** The disk that `KIND-SIZE` stands for, size in gb or tb, or nothing when it is none. */
export function diskOf(text: string): Disk | undefined {
    const [, kind, size, unit] = /^([a-z-]+)-([1-9]\d{0,4}(?:\.\d)?)(gb|tb)$/.exec(text) ?? [];
    const known = diskKinds.find((name) => name === kind);
    return known === undefined ? undefined : { kind: known, size: Number(size) * (unit === "tb" ? 1e12 : 1e9) };
}
