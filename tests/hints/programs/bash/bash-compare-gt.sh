x=5
if [ $x > 10 ]; then echo big; fi
exit 1
