read word
if [ "$word" -eq "$word" ]; then
    echo number
else
    echo text
fi
