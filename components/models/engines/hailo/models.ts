/**
 * Models that hailo-ollama serves on a Hailo-10H, by our names, with the tokens a second that its maker measured. It takes
 * no other files, and a context of 2048. (hailo_model_zoo_genai 5.1.1, docs/MODELS.rst; 2026-11-21)
 */
export const hailoModels: Readonly<Record<string, number>> = {
    "qwen2:1.5b": 8.2,
    "qwen2.5:1.5b": 7,
    "qwen2.5-coder:1.5b": 8.2,
    "deepseek-r1:1.5b": 7,
    "llama3.2:3b": 2.67,
};

/** Context of those models, tokens. */
export const hailoContext = 2048;
