read -r line
echo "Grüße 日本 🎉 $line"
