import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../artifacts";
import { startDetached } from "../daemon";
import { isAlive } from "../processes";
import { hostProxy, mirrors } from "../services";
import { ask, run, waitFor } from "../shell";
import { PACKAGES_ADDRESS } from "./plan";
import { inRig, networkOf, recordOf } from "./rig";
import type { Rig } from "./rig";

const READY_SECONDS = 15;

/** Makes a certificate for the server's other port, which apt does not ask. */
function certificate(rig: Rig): { certificate: string; key: string } {
    const files = { certificate: join(rig.folder, "packages.pem"), key: join(rig.folder, "packages.key") };
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files.key];
    run(["openssl", "req", "-x509", ...key, "-out", files.certificate, "-subj", "/CN=packages.lab.example"]);
    return files;
}

/**
 * Serves Debian packages in the rig's network, under the name that the machines' apt asks; they come from the host's own mirror and are kept.
 * @throws Error when the server does not answer.
 */
export function servePackages(rig: Rig): void {
    const config = {
        namespace: networkOf(rig),
        address: PACKAGES_ADDRESS,
        ports: { http: 80, https: 443 },
        ...certificate(rig),
        cache: join(cacheDirectory(), "lab", "packages"),
        mirrors: mirrors(),
        proxy: hostProxy(),
        files: {},
        redirects: {},
    };
    const [path, log] = [join(rig.folder, "packages.json"), join(rig.folder, "packages.log")];
    writeFileSync(path, JSON.stringify(config));
    rmSync(log, { force: true });
    const server = startDetached(["python3", "-B", join(__dirname, "..", "server", "main.py"), path], log);
    writeFileSync(recordOf(rig, "packages"), JSON.stringify(server));
    const probe = inRig(rig, ["curl", "-s", "--noproxy", "*", "--max-time", "2", `http://${PACKAGES_ADDRESS}/`]);
    const answers = (): boolean => {
        if (!isAlive(server)) throw new Error(`The rig's package server ended at once. ${ask(["cat", log]) ?? ""}`);
        return ask(probe) !== undefined;
    };
    waitFor(answers, READY_SECONDS, () => "The rig's package server does not answer");
}
