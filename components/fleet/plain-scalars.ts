/** A plain scalar that readers of YAML 1.1 take for something else than readers of YAML 1.2 do, in words. */
interface Ambiguity {
    readonly form: RegExp;
    readonly reads: (text: string) => string;
}

/**
 * What YAML 1.1 (yaml.org/type, as PyYAML and Ansible read) and YAML 1.2's core schema (§10.3, as we read) disagree on. Days
 * are left out: 1.1 makes dates of them, and everybody knows what is meant.
 */
const ambiguities: readonly Ambiguity[] = [
    { form: /^(?:y|yes|on)$/i, reads: (text) => `true, others the text "${text}"` },
    { form: /^(?:n|no|off)$/i, reads: (text) => `false, others the text "${text}"` },
    { form: /^[-+]?0\d[\d_]*$/, reads: (text) => `an octal number, others ${Number(text.replaceAll("_", ""))}` },
    { form: /^(?:[-+]?0[ob][\d_]+|[-+]0x[\da-f_]+)$/i, reads: () => "a number in another base, others a text" },
    { form: /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?$/, reads: () => "a number of seconds, others a text" },
    { form: /^[-+]?\.?\d[\d_]*_[\d_.]*$/, reads: () => "a number without the underscores, others a text" },
    { form: /^(?:[-+]?(?:\d+\.?\d*|\.\d+)e[-+]?\d+|[-+]\.\d+)$/i, reads: () => "a text, others a number" },
    { form: /^=$/, reads: () => "a default value, others a text" },
];

/** How YAML readers differ about a scalar written without quotes, or nothing when they agree. */
export function ambiguity(text: string): string | undefined {
    const found = ambiguities.find(({ form }) => form.test(text));
    return found === undefined ? undefined : found.reads(text);
}
