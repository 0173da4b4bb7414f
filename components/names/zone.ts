/** The domain a name belongs to: the longest that it equals or ends in. */
export function zoneOf(name: string, domains: readonly string[]): string | undefined {
    return domainsAround(name, domains).at(-1);
}

/**
 * The shortest of the domains around a name: what was registered, as far as an inventory says. A CA counts by the
 * Public Suffix List; the two differ only where a domain is a part of another that the inventory does not name.
 */
export function registeredOf(name: string, domains: readonly string[]): string | undefined {
    return domainsAround(name, domains)[0];
}

function domainsAround(name: string, domains: readonly string[]): string[] {
    return domains
        .filter((domain) => name === domain || name.endsWith(`.${domain}`))
        .sort((a, b) => a.length - b.length);
}
