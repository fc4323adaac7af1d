while :; do
    echo "all work and no play makes jack a dull boy"
done
