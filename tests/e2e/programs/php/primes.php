<?php
$n = (int)fgets(STDIN);
$composite = str_repeat("\0", $n + 1);
$count = 0;
for ($i = 2; $i < $n; $i++) {
    if ($composite[$i] !== "\0")
        continue;
    $count++;
    for ($j = $i * $i; $j < $n; $j += $i)
        $composite[$j] = "\1";
}
echo $count, "\n";
