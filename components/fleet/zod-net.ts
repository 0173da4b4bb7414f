import { z } from "zod";
import { parsePrefix, toAddress } from "./net";

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const address = `${octet}(?:\\.${octet}){3}`;

/** An IPv4 address in dotted form, without leading zeros (RFC 6943 §3.1.1: some readers take those for octal). */
export const ipv4 = z.string().regex(new RegExp(`^${address}$`), "an IPv4 address like 192.168.1.20");

/** An octet that is a multiple of a power of two up to 128; many multiples are told by their last digits. */
function multiplesOf(step: number): string {
    if (step === 1) return octet;
    if (step === 2) return `(?=\\d*[02468]\\b)${octet}`;
    if (step === 4) return `(?=(?:\\d*[02468])?[048]\\b|\\d*[13579][26]\\b)${octet}`;
    return `(?:${Array.from({ length: 256 / step }, (_, times) => times * step).join("|")})`;
}

/** The forms of a network by its length: the octets after it, `OCTETS/LENGTH`, have their last `32 - length` bits zero. */
const endings = Array.from({ length: 32 }, (_, index) => {
    const length = index + 1;
    const partial = multiplesOf(2 ** ((32 - length) % 8));
    const [whole, zeros] = [Math.ceil(length / 8) - 1, 4 - Math.ceil(length / 8)];
    return `(?:${octet}\\.){${whole}}${partial}${"\\.0".repeat(zeros)}\\/${length}`;
});

/** An IPv4 network, `ADDRESS/LENGTH` with no bits set behind the length (RFC 4632 §3.1). */
export const ipv4Network = z.string().regex(new RegExp(`^(?:${["0\\.0\\.0\\.0\\/0", ...endings].join("|")})$`), {
    error: ({ input }) => `an IPv4 network like ${meantNetwork(String(input)) ?? "192.168.1.0/24"}`,
});

/** The network that an address of it with a length stands for, `192.168.1.0/24` for `192.168.1.20/24`. */
function meantNetwork(text: string): string | undefined {
    const [address = "", length = ""] = text.split("/");
    if (!ipv4.safeParse(address).success || !/^(?:[1-9]|[12]\d|3[0-2])$/.test(length)) return undefined;
    const { base } = parsePrefix(text);
    const mask = (0xffffffff << (32 - Number(length))) >>> 0;
    return `${toAddress((base & mask) >>> 0)}/${length}`;
}
