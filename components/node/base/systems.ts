import type { Os } from "../hardware";
import type { Machine } from "../plan";

/**
 * Systems that nodes may run: ID and VERSION_ID of os-release(5). Raspberry Pi OS of 64 bits calls itself Debian of the
 * release that it is made from.
 */
export const supportedSystems: Readonly<Record<string, true>> = {
    "debian-12": true,
    "debian-13": true,
    "ubuntu-24.04": true,
};

/** A package source that comes with a system's image, and that its kernel and firmware are updated from. */
export interface AptBase {
    /** Its vendor, for messages. */
    readonly name: string;
    readonly uri: string;
    readonly suites: readonly string[];
    readonly components: readonly string[];
    /** Where the image keeps the key that signs it; one of them is there. */
    readonly keyrings: readonly string[];
    /** Of that key; absent when nobody says, and the image is trusted with it. */
    readonly fingerprint?: string;
}

/** `raspi.sources` and, before release 13, `raspi.list` of pi-gen. The key has signed both releases (raspberrypi-archive-keyring 2025.1+rpt1). */
const raspberryPi = (suite: string): AptBase => ({
    name: "Raspberry Pi",
    uri: "http://archive.raspberrypi.com/debian/",
    suites: [suite],
    components: ["main"],
    keyrings: [
        "/usr/share/keyrings/raspberrypi-archive-keyring.pgp",
        "/usr/share/keyrings/raspberrypi-archive-keyring.gpg",
        "/etc/apt/trusted.gpg.d/raspberrypi-archive-stable.gpg",
    ],
    fingerprint: "CF8A1AF502A2AA2D763BAE7E82B129927FA3303E",
});

const raspberryPiOs: Readonly<Partial<Record<Os, AptBase>>> = {
    "raspberry-pi-os-12": raspberryPi("bookworm"),
    "raspberry-pi-os-13": raspberryPi("trixie"),
};

/** Of DGX OS 7 (`dgx.sources`, `cuda-compute-repo.sources`), as a DGX Spark has them. */
const dgxOs: readonly AptBase[] = [
    {
        name: "NVIDIA DGX",
        uri: "https://repo.download.nvidia.com/baseos/ubuntu/noble/arm64/",
        suites: ["noble", "noble-updates"],
        components: ["common", "dgx"],
        keyrings: ["/usr/share/keyrings/dgx_debian_prod.gpg"],
    },
    {
        name: "NVIDIA CUDA",
        uri: "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/sbsa/",
        suites: ["/"],
        components: [],
        keyrings: ["/usr/share/keyrings/cuda_debian_prod.gpg", "/usr/share/keyrings/cuda-archive-keyring.gpg"],
    },
];

/** The vendor's package sources that a machine has to have beside its distribution's. */
export function aptBases({ os, profile }: Pick<Machine, "os" | "profile">): readonly AptBase[] {
    const own = raspberryPiOs[os];
    if (own !== undefined) return [own];
    return profile === "dgx-spark" && os === "ubuntu-24.04" ? dgxOs : [];
}

/** A source as its image has it, deb822 (sources.list(5)): to be put back when it is gone. */
export function deb822({ uri, suites, components, keyrings }: AptBase): string {
    const [keyring = ""] = keyrings;
    const fields = {
        Types: "deb",
        URIs: uri,
        Suites: suites.join(" "),
        Components: components.join(" "),
        "Signed-By": keyring,
    };
    const written = Object.entries(fields).filter(([, value]) => value !== "");
    return written.map(([field, value]) => `${field}: ${value}\n`).join("");
}
