/**
 * Systems that nodes may run: ID and VERSION_ID of os-release(5). Raspberry Pi OS of 64 bits calls itself Debian of the
 * release that it is made from.
 */
export const supportedSystems: Readonly<Record<string, true>> = {
    "debian-12": true,
    "debian-13": true,
    "ubuntu-24.04": true,
};
