<?php
$n = (int) fgets(STDIN);
$all = [];
while (count($all) >= 0) {
    $all[] = str_repeat("x", 1000);
}
echo count($all), "\n";
