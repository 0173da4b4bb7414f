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
export const checks: readonly Check[] = [fleetName, ...nodeChecks, ...meshChecks, ...edgeChecks, ...modelChecks];
