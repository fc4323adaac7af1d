read word
if [ "$word" -gt 10 ]; then
    echo big
    exit 0
fi
exit 2
