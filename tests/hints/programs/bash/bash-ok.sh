read n
while [ "$n" -gt 0 ]; do
    echo "$n"
    n=$((n - 1))
done
echo "main.sh: line 9: liftoff: command not found" >&2
