<?php
$n = (int) fgets(STDIN);
$square = $n * $n
echo $square, "\n";
