# shellcheck shell=sh
# The checks' Python programs, and what the tests of converge.py need with the Pythons of other Debian releases. Sourced by tools/setup.

: "${root:?}" "${cache:?}"

# The programs of tools/requirements.txt in an environment of their own, shared by all clones; .lab/python points at it.
python_environment() {
    requirements=$root/tools/requirements
    inputs=$({ cat "$requirements.txt" "$requirements-pytest.txt" "$root/tools/toolchain/python.sh" && python3 --version; } | digest)
    environment=$cache/venv-$(printf %.16s "$inputs")
    if [ ! -e "$environment/complete" ]; then
        with_lock python step "Python programs for the checks" make_environment
    fi
    mkdir -p "$root/.lab"
    ln -sfn "$environment" "$root/.lab/python"
}

make_environment() {
    rm -rf "$environment"
    python3 -m venv "$environment"
    pip install -r "$requirements.txt"
    portable 3.9
    portable 3.13 "$(grep '^coverage==' "$requirements.txt")"
    touch "$environment/complete"
}

pip() {
    "$environment/bin/pip" --quiet --disable-pip-version-check "$@"
}

# portable VERSION [REQUIREMENT…]: pytest, and what else is named, in plain Python, in a folder for that Python to find modules in.
# No dependencies: they would be looked up for the Python that is at work here.
portable() {
    portable_version=$1
    shift
    pip install --no-deps --only-binary=:all: --platform any --implementation py --abi none --python-version "$portable_version" \
        --target "$environment/portable/$portable_version" -r "$requirements-pytest.txt" "$@"
}
