/** How readers of YAML differ about a scalar without quotes. */
export interface Ambiguity {
    /** What some and what others take it for. */
    readonly reads: string;
    /** What to write instead of it when it is not meant as a text. */
    readonly plain?: string;
}

type Form = readonly [form: RegExp, explain: (text: string) => Ambiguity];

const word = (value: boolean): Form[1] => {
    return (text) => ({ reads: `${String(value)}, others for the text "${text}"`, plain: String(value) });
};
const number = (text: string): string => String(Number(text.replaceAll("_", "")));

/**
 * What YAML 1.1 (yaml.org/type, as PyYAML and Ansible read) and YAML 1.2's core schema (§10.3, as we read) disagree on. Days
 * are left out: 1.1 makes dates of them, and everybody knows what is meant.
 */
const forms: readonly Form[] = [
    [/^(?:y|yes|on)$/i, word(true)],
    [/^(?:n|no|off)$/i, word(false)],
    [/^[-+]?0\d[\d_]*$/, (text) => ({ reads: `an octal number, others for ${number(text)}`, plain: number(text) })],
    [
        /^(?:[-+]?0[ob][\d_]+|[-+]?0x[\da-f_]*_[\da-f_]*|[-+]0x[\da-f]+)$/i,
        () => ({ reads: "a number, others for a text" }),
    ],
    [/^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?$/, () => ({ reads: "a number of minutes or seconds, others for a text" })],
    [/^[-+]?\.?\d[\d_]*_[\d_.]*$/, (text) => ({ reads: "a number, others for a text", plain: number(text) })],
    [
        /^(?:[-+]?(?:\d+\.?\d*|\.\d+)e[-+]?\d+|[-+]\.\d+)$/i,
        (text) => ({ reads: "a text, others for a number", plain: number(text) }),
    ],
    [/^=$/, () => ({ reads: "a default value, others for a text" })],
];

/** How YAML readers differ about a scalar written without quotes, or nothing when they agree. */
export function ambiguity(text: string): Ambiguity | undefined {
    const [, explain] = forms.find(([form]) => form.test(text)) ?? [];
    return explain?.(text);
}
