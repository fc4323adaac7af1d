if [ 1 -eq 2 ]; then echo a
else if [ 1 -eq 1 ]; then echo b
fi
