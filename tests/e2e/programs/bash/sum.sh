sum=0
while read -r -a words || [ ${#words[@]} -gt 0 ]; do
    for word in "${words[@]}"; do
        sum=$((sum + word))
    done
done
echo "$sum"
