n=$(cat /dev/stdin); echo $((n * 2)) > /dev/stdout; echo seen > /dev/stderr; echo more | tee /dev/stderr
