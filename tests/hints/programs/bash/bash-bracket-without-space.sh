read n
if [$n -eq 5 ]; then
    echo five
    exit 0
fi
exit 1
