/** Programs that people look for under another name, or that have no place in a fleet: what to write instead, and why. */
export const replaced: Readonly<Record<string, string>> = {
    redis: "Write `valkey`: the same protocol under a free licence.",
    minio: "Write `garage`: MinIO was archived by its makers on 2026-04-25 and is no longer offered for download.",
    act_runner: "Write `gitea-runner`: it was renamed with version 1.0.",
    "act-runner": "Write `gitea-runner`: it was renamed with version 1.0.",
    nginx: "Write the sites under `websites:`, which the edges serve; a program with a web page is a `container` with `public`.",
    caddy: "Write `edge: { at: NODE }`: the edge is Caddy.",
    powerdns: "Write `dns: { primary: NODE }`: the nameserver is PowerDNS.",
    pdns: "Write `dns: { primary: NODE }`: the nameserver is PowerDNS.",
    wireguard: "Leave it out: the mesh is WireGuard, between all nodes.",
    ollama: "Write it under `models.engines`.",
    "llama.cpp": "Write it under `models.engines`.",
    vllm: "Write it under `models.engines`.",
    sglang: "Write it under `models.engines`.",
    comfyui: "Write it under `models.engines`.",
    restic: "Write the target under `backups:`.",
    telegram: "Write `alerts: { to: telegram, secrets: NAME }`.",
    matrix: "Write `alerts: { to: matrix, server: HOST, secrets: NAME }`.",
    watchtower: "Leave it out: images are pinned by digest, and `./fleet pin` fetches new ones.",
    cloudflared:
        "Leave it out: TLS would end at Cloudflare, while `edge:` ends it on a machine of yours. A name has one way in.",
    cloudflare:
        "Leave it out: TLS would end at Cloudflare, while `edge:` ends it on a machine of yours. A name has one way in.",
    "cloudflare-worker":
        "Write `workerd`: a Worker runs on Cloudflare's machines, which cannot join the mesh and so reach no node at home.",
    "cloudflare-workers":
        "Write `workerd`: a Worker runs on Cloudflare's machines, which cannot join the mesh and so reach no node at home.",
    d1: "Write a `container` with a `disk`: D1 is SQLite on Cloudflare's machines.",
    litellm: "Leave it out: `models.gateway` is the one address of all models.",
    k3s: "Leave it out: services are placed by `at:` and run under systemd.",
    kubernetes: "Leave it out: services are placed by `at:` and run under systemd.",
};
