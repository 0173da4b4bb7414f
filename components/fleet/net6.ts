import { toNumber } from "./net";

/** RFC 4291 §2.4: what is routed on the internet; everything else belongs to a link, a site or nobody (CIDR). */
export const globalRange6 = "2000::/3";
/** RFC 4193 §3.1: private networks whose makers drew their numbers at random (CIDR). */
export const uniqueLocalRange6 = "fd00::/8";

/** An IPv6 address in the one form of RFC 5952, as `ip` and `wg` print it. @throws TypeError for what is none */
export function canonical6(address: string): string {
    return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** A network `ADDRESS/LENGTH` in that form. */
export function canonicalPrefix6(network: string): string {
    const [address = "", length = ""] = network.split("/");
    return `${canonical6(address)}/${length}`;
}

/** Whether an address, or a network's first one, lies inside a network (CIDR). */
export function contains6(network: string, address: string): boolean {
    const [base = "", length = ""] = network.split("/");
    const rest = 128n - BigInt(length);
    return toBits(base) >> rest === toBits(address) >> rest;
}

/** Whether no bits are set behind the length of a network. */
export function isNetwork6(network: string): boolean {
    const [base = "", length = ""] = network.split("/");
    return BigInt.asUintN(128 - Number(length), toBits(base)) === 0n;
}

/** The address of a network of 64 bits that ends in an IPv4 address: as unique as that is. */
export function embed(network: string, ipv4: string): string {
    const [base = ""] = network.split("/");
    const digits = (toBits(base) | BigInt(toNumber(ipv4))).toString(16).padStart(32, "0");
    return canonical6((digits.match(/.{4}/g) ?? []).join(":"));
}

function toBits(address: string): bigint {
    const [head = "", tail] = canonical6(address).split("::");
    const left = head === "" ? [] : head.split(":");
    const right = tail === undefined || tail === "" ? [] : tail.split(":");
    const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
    return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}
