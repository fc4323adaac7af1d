# Left running in every way a shell knows.
nohup sleep 30 >/dev/null 2>&1 &
setsid sleep 30 &
(trap '' HUP TERM INT; sleep 30) &
disown -a
coproc sleep 30
echo done
