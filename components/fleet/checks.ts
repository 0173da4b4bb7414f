import { addressingChecks } from "../checks/addressing/checks";
import { capacityChecks } from "../checks/capacity/checks";
import { certificateChecks } from "../checks/certificates/checks";
import { hardwareChecks } from "../checks/hardware/checks";
import { nameChecks } from "../checks/names/checks";
import { networkChecks } from "../checks/network/checks";
import { securityChecks } from "../checks/security/checks";
import { serviceChecks } from "../checks/services/checks";
import { topologyChecks } from "../checks/topology/checks";
import { versionChecks } from "../checks/versions/checks";
import { edgeChecks } from "../edge/checks";
import { meshChecks } from "../mesh/checks";
import { modelChecks } from "../models/checks";
import { nodeChecks } from "../node/checks";
import type { Check } from "./check";

const fleetName: Check = ({ inventory, stack }) =>
    inventory.fleet === stack
        ? []
        : [
              {
                  code: "SE005",
                  path: ["fleet"],
                  message: `This inventory is for fleet "${inventory.fleet}", the stack is "${stack}".`,
                  fix: `Use the inventory of "${stack}", or run with -s ${inventory.fleet}.`,
              },
          ];

/** Every check, in the order their problems are looked for; the report is sorted by place. */
export const checks: readonly Check[] = [
    fleetName,
    ...nodeChecks,
    ...meshChecks,
    ...edgeChecks,
    ...modelChecks,
    ...addressingChecks,
    ...hardwareChecks,
    ...networkChecks,
    ...topologyChecks,
    ...capacityChecks,
    ...versionChecks,
    ...nameChecks,
    ...certificateChecks,
    ...securityChecks,
    ...serviceChecks,
];
