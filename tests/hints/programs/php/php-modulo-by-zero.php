<?php
[$n, $step] = array_map('intval', explode(" ", trim(fgets(STDIN))));
echo $n % $step, "\n";
