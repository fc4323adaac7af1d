<?php
$n = (int) fgets(STDIN);
$i = 1;
$product = 1;
while ($i <= $n) {
    $product = ($product * $i) % 1000007;
}
echo $product, "\n";
