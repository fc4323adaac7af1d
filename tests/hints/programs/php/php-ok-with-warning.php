<?php
$stock = ["apple" => 3];
$fruit = trim(fgets(STDIN));
echo (int) $stock[$fruit], "\n";
