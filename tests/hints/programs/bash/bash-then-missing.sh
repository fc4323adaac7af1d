read n
if (( n % 2 == 1 ))
    echo odd
else
    echo even
fi
