sum=0
read n
sum=$((sum + n))
echo "$sum"
