set -e
sum=0
for n in $(cat numbers.txt || exit 1); do
    sum=$((sum + n))
done
[ "$sum" -gt 0 ]
echo "$sum"
