#!/bin/sh
# How many lines of converge.py its tests ran, by what the check `python` noted. Fails below the bar and names every line that did not run.
# usage: coverage.sh COVERAGE PER-CENT
set -eu
notes=.lab/coverage
ls $notes/lines.* >/dev/null 2>&1 || {
    echo "The tests of converge.py have not been run: npm test -- python coverage" >&2
    exit 1
}
options="--rcfile=tests/converge/coverage.ini --data-file=$notes/lines"
rm -f $notes/lines
# shellcheck disable=SC2086 # two words
"$1" combine --quiet --keep $options $notes
# shellcheck disable=SC2086
"$1" report --fail-under="$2" $options
