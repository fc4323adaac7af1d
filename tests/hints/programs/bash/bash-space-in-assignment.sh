read n
count = 0
[ -n "$count" ] || exit 127
echo $((n * 2))
