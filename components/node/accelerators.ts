import type { Price } from "./hardware";

/** A neural processor that is fitted to a machine. */
export interface Accelerator {
    /** Whether language models run on it; the others see pictures only. */
    readonly languageModels: boolean;
    /** What it adds to the machine's draw when busy, watts. */
    readonly watts: number;
    /** PCIe devices it takes up. */
    readonly slots: number;
    readonly price: Price;
}

/**
 * Hailo's parts as Raspberry Pi sells them: AI HAT+ 13 TOPS, AI HAT+ 26 TOPS, AI HAT+ 2 (list prices). Only the 10H has
 * memory of its own, and Raspberry Pi's documentation names it alone for language models. Watts are the vendor's typical draw.
 */
const accelerators: Readonly<Record<string, Accelerator>> = {
    "hailo-8l": {
        languageModels: false,
        watts: 1.5,
        slots: 1,
        price: { amount: 70, currency: "USD", date: "2024-10-24" },
    },
    "hailo-8": {
        languageModels: false,
        watts: 2.5,
        slots: 1,
        price: { amount: 110, currency: "USD", date: "2024-10-24" },
    },
    "hailo-10h": {
        languageModels: true,
        watts: 2.5,
        slots: 1,
        price: { amount: 130, currency: "USD", date: "2026-01-15" },
    },
};

/** The names `npu:` takes, for error texts. */
export const acceleratorNames: readonly string[] = Object.keys(accelerators);

/** The accelerator behind a name, or nothing when there is none. */
export function acceleratorOf(name: string): Accelerator | undefined {
    return Object.hasOwn(accelerators, name) ? accelerators[name] : undefined;
}
