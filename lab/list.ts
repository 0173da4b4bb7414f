import { stateOf } from "./machine";
import type { MachineState } from "./machine";
import { everyMachine } from "./roster";

/** Length of time for people: 42 s, 3 min, 5 h. */
export function duration(seconds: number): string {
    if (seconds < 100) return `${Math.round(seconds)} s`;
    return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** The table of `list`. */
export function table(states: readonly MachineState[]): string {
    return states
        .map(({ name, address, state, uptime }) =>
            `${name.padEnd(10)} ${address.padEnd(14)} ${state.padEnd(7)} ${uptime === undefined ? "" : duration(uptime)}`.trimEnd(),
        )
        .join("\n");
}

/** State of every machine. */
export function machineStates(): MachineState[] {
    return everyMachine().map(stateOf);
}
