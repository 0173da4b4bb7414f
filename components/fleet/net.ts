/** An IPv4 prefix: `base` is the network address as a 32-bit number, `length` 0 to 32. */
export interface Prefix {
    readonly base: number;
    readonly length: number;
}

/** RFC 1918, RFC 6598 (carrier-grade NAT) and RFC 3927: what can only be reached from inside (CIDR). */
export const privateRanges: readonly string[] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
];
const privatePrefixes = privateRanges.map(parsePrefix);

/** Whether the text is a dotted IPv4 address without leading zeros. */
export function isIPv4(text: string): boolean {
    const parts = text.split(".");
    return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Whether the text is `ADDRESS/LENGTH` with no bits set behind the length. */
export function isPrefix(text: string): boolean {
    const [address = "", length = ""] = text.split("/");
    if (!isIPv4(address) || !/^\d{1,2}$/.test(length) || Number(length) > 32) return false;
    return (toNumber(address) & mask(Number(length))) >>> 0 === toNumber(address);
}

/** Parses a prefix that `isPrefix` accepts. */
export function parsePrefix(text: string): Prefix {
    const [address = "", length = ""] = text.split("/");
    return { base: toNumber(address), length: Number(length) };
}

/** An IPv4 address as an unsigned 32-bit number. */
export function toNumber(address: string): number {
    return address.split(".").reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
}

/** The dotted form of an unsigned 32-bit number. */
export function toAddress(value: number): string {
    return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

/** Whether the address lies inside the prefix. */
export function contains(prefix: Prefix, address: string): boolean {
    return (toNumber(address) & mask(prefix.length)) >>> 0 === prefix.base;
}

/** Whether an address cannot be reached from the internet (RFC 1918, RFC 6598, RFC 3927). */
export function isPrivate(address: string): boolean {
    return privatePrefixes.some((prefix) => contains(prefix, address));
}

function mask(length: number): number {
    return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}
