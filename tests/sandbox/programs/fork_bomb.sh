# The classic, of bounded depth.
bomb() { [ "$1" -gt 0 ] && { bomb $(($1 - 1)) & bomb $(($1 - 1)) & wait; }; }
bomb 11 2>/dev/null
sleep 5
