<?php
function power($base, $exponent) {
    return $base ** $exponent;
}
[$b, $e] = array_map('intval', explode(" ", trim(fgets(STDIN))));
echo power($b), "\n";
