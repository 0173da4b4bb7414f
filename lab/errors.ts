/** Whether a failed system call ended with this code (`ENOENT`, …). Asked by shape: under a test runner Node's errors are of another realm. */
export function hasCode(error: unknown, code: string): boolean {
    return typeof error === "object" && error !== null && "code" in error && error.code === code;
}
