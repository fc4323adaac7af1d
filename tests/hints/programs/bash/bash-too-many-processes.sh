read n
worker() {
    sleep 100
}
for ((i = 0; i < n; i++)); do
    worker &
done
echo done
