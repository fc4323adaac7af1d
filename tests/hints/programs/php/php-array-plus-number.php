<?php
$values = explode(" ", trim(fgets(STDIN)));
$total = $values + 0;
echo $total, "\n";
