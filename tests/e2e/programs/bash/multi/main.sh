. ./lib/triple.sh
read -r x
triple "$x"
