#!/bin/sh
# Stands for converge.py on the far side (far-side.ts): notes every run, and does with a role that has to be confirmed what
# the next line of the plan says.
folder=/far/${SSH_CONNECTION##* }
document=$(cat)
words=$*
case $words in *" install "*) verb=install ;; *) verb=${words#*.py } verb=${verb%% *} ;; esac
role=$(printf %s "$document" | sed -n 's/.*"role":"\([^"]*\)".*/\1/p')
echo "$verb $role ${SSH_CONNECTION#* }" >>"$folder/runs"

case $document in *'"confirm":'*) ;; *) echo unchanged && exit ;; esac
next=$(head -n 1 "$folder/plan" 2>/dev/null)
[ ! -e "$folder/plan" ] || sed -i 1d "$folder/plan"
case $next in
arm)
    echo "confirm: $role is applied; waiting 60 s for a fresh connection" >&2
    exit 75
    ;;
fail)
    echo "no such thing" >&2
    exit 1
    ;;
hang-up)
    # The process that holds the connection, whatever shells are in between.
    holder=$PPID
    until grep -q sshd "/proc/$holder/comm"; do holder=$(sed 's/.*) . \([0-9]*\) .*/\1/' "/proc/$holder/stat"); done
    kill -9 "$holder"
    ;;
vanish)
    date +%s.%N >"$folder/vanished"
    port=${SSH_CONNECTION##* }
    nft "add table ip gone; add chain ip gone in { type filter hook input priority 0; }
        add chain ip gone out { type filter hook output priority 0; }
        add rule ip gone in tcp dport $port drop; add rule ip gone out tcp sport $port drop"
    exec sleep 60
    ;;
esac
echo "changed: $role, confirmed"
