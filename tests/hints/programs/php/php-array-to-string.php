<?php
$sorted = array_map('intval', explode(" ", trim(fgets(STDIN))));
sort($sorted);
echo $sorted, "\n";
