# shellcheck shell=sh
# The Pulumi toolchain: the CLI, the Node.js language host and the provider plugins, official ones or built from Go modules.
# What is built here carries a stamp file; whatever carries none is not ours and is never touched. Sourced by tools/setup.

: "${root:?}" "${cache:?}"
pulumi_version=3.259.0
pulumi_home=${PULUMI_HOME:-$HOME/.pulumi}
go_needed=1.25.11
go_ldflags="-w -s -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$pulumi_version"
# grpcnotrace keeps the linker able to drop dead code: reflection in the trace package keeps all of it alive.
go_tags=osusergo,grpcnotrace

# One part a line: name, module, package, where it goes.
pulumi_parts() {
    cat <<PARTS
pulumi tools/toolchain/pulumi github.com/pulumi/pulumi/pkg/v3/cmd/pulumi $pulumi_home/versions/$pulumi_version/bin/pulumi
pulumi-language-nodejs tools/providers ./language-nodejs $pulumi_home/versions/$pulumi_version/bin/pulumi-language-nodejs
pulumi-resource-command tools/providers ./command $pulumi_home/plugins/resource-command-v1.2.1/pulumi-resource-command
pulumi-resource-digitalocean tools/providers ./digitalocean $pulumi_home/plugins/resource-digitalocean-v4.80.1/pulumi-resource-digitalocean
pulumi-resource-random tools/providers ./random $pulumi_home/plugins/resource-random-v4.21.1/pulumi-resource-random
pulumi-resource-tls tools/providers ./tls $pulumi_home/plugins/resource-tls-v5.5.1/pulumi-resource-tls
PARTS
}

# module_digest MODULE: changes with everything of ours that goes into its programs.
module_digest() {
    (
        cd "$root/$1" || exit
        echo "$go_ldflags $go_tags"
        find . -name '*.go' ! -name '*_test.go' | LC_ALL=C sort | xargs cat go.mod go.sum
    ) | digest | cut -c1-16
}

# part_state TARGET DIGEST: prints current, stale, foreign or missing. A language host belongs to the CLI beside it.
part_state() {
    part_cli=${1%-language-nodejs}
    if [ -s "$part_cli" ] && [ ! -e "$part_cli.stamp" ]; then
        echo foreign
    elif [ ! -s "$1" ]; then
        echo missing
    else
        case $(cat "$1.stamp") in "$2"-*) echo current ;; *) echo stale ;; esac
    fi
}

# pulumi_toolchain auto|download|build
pulumi_toolchain() {
    digest_cli=$(module_digest tools/toolchain/pulumi)
    digest_providers=$(module_digest tools/providers)
    states=$(pulumi_parts | while read -r _ module _ target; do
        part_state "$target" "$(part_digest "$module")"
    done | tr '\n' ' ')
    case "$1: $states" in
    download:*) pulumi_download ;;
    *stale*) with_lock toolchain pulumi_build ;;
    *missing*)
        case "$1: $states" in
        build:* | *current*) with_lock toolchain pulumi_build ;;
        *) if download_site_answers; then pulumi_download; else with_lock toolchain pulumi_build; fi ;;
        esac
        ;;
    esac
    case "$1: $states" in
    build:*foreign*) echo "setup: what is in $pulumi_home without a .stamp file was not built here and stays as it is" ;;
    esac
}

part_digest() {
    if [ "$1" = tools/providers ]; then echo "$digest_providers"; else echo "$digest_cli"; fi
}

# Asked with Node, as the launcher does: it uses no proxy either.
download_site_answers() {
    node -e 'fetch("https://get.pulumi.com/install.sh", { method: "HEAD", signal: AbortSignal.timeout(3000) })
        .then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))'
}

# What was built here makes way; the launcher fetches the CLI, the CLI the plugins.
pulumi_download() {
    pulumi_parts | while read -r _ _ _ target; do
        if [ -e "$target.stamp" ]; then rm -f "$target" "$target.stamp"; fi
    done
    launcher=$root/node_modules/.bin/pulumi
    [ -x "$pulumi_home/versions/$pulumi_version/bin/pulumi" ] ||
        step "Pulumi CLI $pulumi_version from Pulumi's download site" "$launcher" version
    pulumi_parts | while read -r name _ _ target; do
        case $target in
        "$pulumi_home"/plugins/*)
            [ -s "$target" ] || step "plugin ${name##*-} from Pulumi's download site" \
                "$launcher" plugin install resource "${name##*-}" "$(basename "$(dirname "$target")" | sed 's/.*-v//')"
            ;;
        esac
    done
}

pulumi_build() {
    check_go
    go_platform=$(GOTOOLCHAIN=local go env GOVERSION GOOS GOARCH | tr '\n' '-')
    pulumi_parts | while read -r name module package target; do
        wanted=$(part_digest "$module")
        case $(part_state "$target" "$wanted") in
        stale | missing) place_part "$name" "$module" "$package" "$target" "$wanted-${go_platform%-}" ;;
        esac
    done
}

# place_part NAME MODULE PACKAGE TARGET STAMP: from the cache, after a build if it is not there.
place_part() {
    built=$cache/toolchain/$1-$5
    if [ ! -s "$built" ]; then
        mkdir -p "$cache/toolchain"
        step "build $1" go_build "$root/$2" "$3" "$built"
        find "$cache/toolchain" -type f -mtime +30 -exec rm -f {} + # builds that no clone has asked for in a month
    fi
    touch "$built"
    mkdir -p "$(dirname "$4")"
    cp "$built" "$4.new"
    echo incomplete >"$4.stamp" # so that a set-up killed here leaves something to be done again, not something foreign
    mv "$4.new" "$4"
    echo "$5" >"$4.stamp"
}

go_build() {
    cd "$1" || exit
    GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0 GOGC=400 nice go build -trimpath -buildvcs=false \
        -tags "$go_tags" -ldflags "$go_ldflags" -o "$3.new" "$2"
    mv "$3.new" "$3"
}

check_go() {
    why="Pulumi's download site does not answer, so its parts are built here (or built before and out of date); that needs Go $go_needed or newer"
    command -v go >/dev/null || fail "$why, and there is no go. Install it from https://go.dev/dl/, or make https://get.pulumi.com reachable."
    found=$(GOTOOLCHAIN=local go env GOVERSION)
    [ "$(printf '%s\n%s\n' "$go_needed" "${found#go}" | sort -t. -k1,1n -k2,2n -k3,3n | head -n1)" = "$go_needed" ] ||
        fail "$why; $(command -v go) is $found. Install a newer one from https://go.dev/dl/."
}
