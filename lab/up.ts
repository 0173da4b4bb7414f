import { existsSync } from "node:fs";
import { isRunning, startService } from "./daemon";
import {
    OPERATOR_KEY,
    ensureAuthority,
    ensureSshKey,
    writeAuthorizedKeys,
    writeBundle,
    writeKnownHosts,
} from "./identity";
import { isOffOnPurpose, isOn, start, waitUntilReady } from "./machine";
import { buildNetwork, networkIsUp } from "./network";
import { takePossession } from "./owner";
import { BUNDLE } from "./paths";
import { everyMachine } from "./roster";
import { ALL_SERVICES } from "./services";
import { step } from "./shell";
import { stopAll } from "./down";

/**
 * Brings the lab up and heals what died. Machines that were switched off on purpose stay off, unless the whole lab was down.
 * @throws Error when a part does not come up.
 */
export function up(): void {
    takePossession();
    ensureSshKey(OPERATOR_KEY, "operator of the lab");
    ensureAuthority();
    if (!networkIsUp()) {
        stopAll();
        step("network: homes, routers, internet", buildNetwork);
    }
    if (!existsSync(BUNDLE)) writeBundle();
    const due = everyMachine().filter(({ inUp, name }) => inUp && !isOn(name) && !isOffOnPurpose(name));
    // Machines boot while the services start.
    if (due.length > 0)
        step(`power: ${due.map(({ name }) => name).join(", ")}`, () => {
            due.forEach(start);
        });
    for (const service of ALL_SERVICES.filter(({ name }) => !isRunning(name))) {
        step(`service: ${service.name}`, () => {
            startService(service);
        });
    }
    for (const machine of due) {
        step(`ready: ${machine.name} (${machine.address})`, () => {
            waitUntilReady(machine);
        });
    }
    writeKnownHosts();
    writeAuthorizedKeys();
}
