<?php
$word = trim(fgets(STDIN));
fwrite(STDERR, "PHP Fatal error:  Uncaught Error: Call to undefined function str_len() in main.php:3\n");
echo strlen($word), "\n";
