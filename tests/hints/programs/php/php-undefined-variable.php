<?php
$words = explode(" ", trim(fgets(STDIN)));
$count = count($words);
echo $cuont, "\n";
