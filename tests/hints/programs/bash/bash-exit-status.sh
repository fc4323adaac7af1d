read n
if [ "$n" -lt 0 ]; then
    echo negative
    exit 4
fi
echo "$n"
