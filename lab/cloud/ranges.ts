/** Arithmetic of IPv4 ranges. */

/** A number of an address. */
export function toNumber(address: string): number {
    return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** An address of a number. */
export function toAddress(value: number): string {
    return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join(".");
}

/** A range taken apart. */
export interface Network {
    readonly first: string;
    readonly netmask: string;
    readonly prefix: number;
    /** Numbers of the lowest and the highest address. */
    readonly low: number;
    readonly high: number;
}

/** Takes `10.108.16.0/20` apart; `first` is the address that a gateway has there. */
export function networkOf(range: string): Network {
    const [address = "", length = "32"] = range.split("/");
    const size = 2 ** (32 - Number(length));
    const low = Math.floor(toNumber(address) / size) * size;
    return {
        first: toAddress(low + 1),
        netmask: toAddress(2 ** 32 - size),
        prefix: Number(length),
        low,
        high: low + size - 1,
    };
}

/** Whether two ranges share an address. */
export function overlap(a: string, b: string): boolean {
    const [one, other] = [networkOf(a), networkOf(b)];
    return one.low <= other.high && other.low <= one.high;
}

/** The lowest address of `base` + 0, 1, 2 … that nobody has; undefined when the last, `base` + `count` - 1, is taken too. */
export function firstFree(base: string, count: number, taken: readonly string[]): string | undefined {
    const low = toNumber(base);
    for (let offset = 0; offset < count; offset++) {
        const address = toAddress(low + offset);
        if (!taken.includes(address)) return address;
    }
    return undefined;
}
