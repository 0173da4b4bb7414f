import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { ensureLeaf } from "../identity";
import { CLOUD, SERVICES } from "../plan";
import { Api } from "./api";
import { Cloud } from "./cloud";
import { CONTROL, FOLDER, JOURNAL, RECORD } from "./control";
import { note } from "./journal";
import { LAB_MACHINES } from "./machines";
import { metadataListener } from "./metadata";
import { resume } from "./operations";
import { apiListener, controlListener } from "./server";

/** The emulated provider as a program of the lab; runs in the network namespace of the internet and in the host's mounts. */
function main(): void {
    mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
    rmSync(CONTROL, { force: true });
    const cloud = new Cloud(LAB_MACHINES, RECORD);
    LAB_MACHINES.wire(cloud.account);
    resume(cloud);
    const api = new Api(cloud, CLOUD.token, (entry) => {
        note(JOURNAL, entry);
    });
    const { certificate, key } = ensureLeaf("cloud", [CLOUD.host]);
    const secure = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) }, apiListener(api));
    createServer(metadataListener(cloud)).listen(80, CLOUD.metadata);
    createServer(controlListener(cloud)).listen(CONTROL);
    secure.listen(443, SERVICES.cloud);
}

main();
