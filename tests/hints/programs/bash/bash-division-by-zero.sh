read cakes people
echo "$((cakes / people)) each"
