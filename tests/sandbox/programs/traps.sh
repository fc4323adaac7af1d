# Jobs that ignore everything, in the background, disowned, with the output open, and a function that comes back at exit.
trap '' HUP INT QUIT TERM CHLD TSTP
again() { (again) & while :; do sleep 100; done; }
trap 'exec sleep 100' EXIT
for i in 1 2 3; do
    (trap '' TERM HUP; exec -a evalx-jail sleep 1000) & disown -a
    setsid nohup bash -c 'while :; do :; done' &
    coproc { exec cat; }
done 2>/dev/null
again 2>/dev/null &
ulimit -c unlimited 2>/dev/null && [ "$(ulimit -c)" != 0 ] && echo "ESCAPED core files"
ulimit -n 100000 2>/dev/null && echo "ESCAPED the limit on descriptors"
ulimit -i 100000 2>/dev/null && echo "ESCAPED the limit on signals"
exec 1>&- 2>&- 0<&-
trap - EXIT
exit 0
