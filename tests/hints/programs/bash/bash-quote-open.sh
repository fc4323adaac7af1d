read name
greeting="Hello $name
echo "$greeting"
exit 0
