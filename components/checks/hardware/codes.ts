/** Codes of the family `hardware`. */
export const hardwareCodes = {
    SE110: { rule: "What is built for 4 KiB pages does not stand on a kernel with 16 KiB pages." },
    SE111: { rule: "What is fitted to a board finds a PCIe lane there." },
    SE112: { rule: "A disk, an accelerator and a droplet size are ones we know." },
    SE113: { rule: "A droplet's region is one we know.", warning: true },
    SE114: { rule: "A power supply gives what the machine draws when it works." },
    SE115: { rule: "A power supply is as strong as the board's vendor asks.", warning: true },
    SE116: { rule: "An accelerator does something for the models on its node.", warning: true },
    SE117: { rule: "What is written all day does not lie on an SD card.", warning: true },
    SE118: { rule: "What a droplet's size decides is not written beside it." },
    SE119: { rule: "A page size is one that the hardware has." },
    SE129: {
        rule: "A machine is what the inventory says: memory, board, system, page size, disk and accelerator, measured on it before anything is changed there.",
        warning: true,
    },
} as const;
