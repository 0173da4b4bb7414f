import type { ArtifactSource } from "../../../fleet/artifact-source";

/** llama.cpp's own release for Ubuntu, which runs on Debian 12 and later. */
export const llamaCppArtifact: ArtifactSource = {
    key: "llama.cpp",
    version: "b11434",
    url: (arch, version) =>
        `https://github.com/ggml-org/llama.cpp/releases/download/${version}/llama-${version}-bin-ubuntu-${arch === "amd64" ? "x64" : "arm64"}.tar.gz`,
};
