echo "hi\n";
