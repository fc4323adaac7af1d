sort -n | uniq -c | awk '{ print $2 "x" $1 }' | tr '\n' ' ' | sed 's/ $/\n/'
