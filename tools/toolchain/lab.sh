# shellcheck shell=sh
# What only the lab needs: Debian packages, Go, and the lab's own artefacts; with them the checks' Python programs. Sourced by tools/setup.

: "${root:?}" "${cache:?}"
# Debian packages, of the lab and of `npm test`.
lab_packages="systemd-container mmdebstrap wireguard-tools iproute2 nftables dnsmasq-base openssh-client curl git cmake g++ make \
libssl-dev shellcheck strace xz-utils zstd procps python3-venv python3-pip openssl ca-certificates e2fsprogs flex bison bc kmod"

# lab_prerequisites: Linux, root, packages; says everything that is missing in as few lines as it can.
lab_prerequisites() {
    [ "$(uname -s)" = Linux ] || fail "the lab boots Linux machines in network namespaces and needs Linux (here: $(uname -s)). Without --lab everything else works."
    command -v dpkg-query >/dev/null || fail "the lab is made for Debian and what derives from it: dpkg is missing."
    missing=$(missing_packages)
    if [ "$(id -u)" != 0 ]; then
        [ -z "$missing" ] || fail "the lab needs root and these packages; run: sudo apt-get install --no-install-recommends $missing"
        fail "the lab needs root: run sudo tools/setup --lab. Without --lab everything else works."
    fi
    if [ -n "$missing" ]; then
        step "Debian packages: $missing" install_packages "$missing"
    fi
    check_go
}

missing_packages() {
    # shellcheck disable=SC2086 # a list of words
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $lab_packages 2>/dev/null || true)
    list=
    for package in $lab_packages; do
        case "
$installed
" in
        *"
$package installed
"*) ;;
        *) list="$list $package" ;;
        esac
    done
    printf %s "${list# }"
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    # shellcheck disable=SC2086 # a list of words
    apt-get install --yes --no-install-recommends $1
}

# lab_artefacts: what takes long, each part skipped when it is there.
lab_artefacts() {
    python_environment
    [ ! -x "$root/lab/build" ] || "$root/lab/build"
}
