import type { ArtifactSource } from "../fleet/artifact-source";

/** Caddy as upstream releases it; 2.11 or later is needed (`domain.md`: reload by signal, retries, health). */
export const caddyArtifact: ArtifactSource = {
    key: "caddy",
    version: "2.11.4",
    url: (arch, version) =>
        `https://github.com/caddyserver/caddy/releases/download/v${version}/caddy_${version}_linux_${arch}.tar.gz`,
};
