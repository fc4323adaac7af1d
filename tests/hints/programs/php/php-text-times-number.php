<?php
$price = trim(fgets(STDIN));
$double = $price * 2;
echo $double, "\n";
