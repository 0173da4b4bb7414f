import type { Hardware } from "../node/hardware";

/** Where an artifact comes from. */
export interface ArtifactSource {
    /** Key in the lock. */
    readonly key: string;
    readonly version: string;
    readonly url: (arch: Hardware["arch"], version: string) => string;
}
