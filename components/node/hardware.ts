/** What a hardware profile says about a machine. */
export interface Hardware {
    /** Debian's name of the architecture. */
    readonly arch: "amd64" | "arm64";
    /** Main memory in bytes. */
    readonly memory: number;
}

const gib = 2 ** 30;

/** Boards that people name; other machines are written as `ARCH-MEMORYgb`, for example `amd64-16gb`. */
const boards: Readonly<Record<string, Hardware>> = {
    "pi4-2gb": { arch: "arm64", memory: 2 * gib },
    "pi4-4gb": { arch: "arm64", memory: 4 * gib },
    "pi4-8gb": { arch: "arm64", memory: 8 * gib },
    "pi5-4gb": { arch: "arm64", memory: 4 * gib },
    "pi5-8gb": { arch: "arm64", memory: 8 * gib },
    "pi5-16gb": { arch: "arm64", memory: 16 * gib },
    "dgx-spark": { arch: "arm64", memory: 128 * gib },
};

/** The names `hardware:` takes, for error texts. */
export const hardwareNames: readonly string[] = [...Object.keys(boards), "amd64-16gb", "arm64-8gb"];

/** The profile behind a name, or nothing when there is none. */
export function hardwareOf(name: string): Hardware | undefined {
    const generic = /^(amd64|arm64)-([1-9]\d{0,3})gb$/.exec(name);
    if (generic !== null) return { arch: generic[1] === "arm64" ? "arm64" : "amd64", memory: Number(generic[2]) * gib };
    return boards[name];
}
