<?php
[$a, $b] = explode(" ", trim(fgets(STDIN)));
total = $a + $b;
echo $total, "\n";
