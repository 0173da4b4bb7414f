import { z } from "zod";
import { canonical6, canonicalPrefix6, isNetwork6 } from "./net6";

/** An IPv6 address; parsed to the form of RFC 5952. */
export const ipv6 = z.string().regex(z.regexes.ipv6, "an IPv6 address like 2001:db8:8::11").transform(canonical6);

const network = "an IPv6 network like 2001:db8:8::/64";

/** An IPv6 network, `ADDRESS/LENGTH` with no bits set behind the length; parsed to the form of RFC 5952. */
export const ipv6Network = z
    .string()
    .regex(z.regexes.cidrv6, network)
    .refine((text) => !z.regexes.cidrv6.test(text) || isNetwork6(text), `${network}, with zeros behind its length`)
    .transform(canonicalPrefix6);

/** An IPv6 network of 64 bits, as one mesh has: up to four groups and `::/64`; parsed to the form of RFC 5952. */
export const ipv6Network64 = z
    .string()
    .regex(/^(?:[0-9a-fA-F]{1,4}:){1,4}:\/64$/, "an IPv6 network of 64 bits like fd5b:18c2:7f04::/64")
    .transform(canonicalPrefix6);
