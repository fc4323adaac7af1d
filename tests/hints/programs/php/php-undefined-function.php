<?php
$word = trim(fgets(STDIN));
echo str_len($word), "\n";
