<?php
$x = 1;
if ($x > 2) { echo 1; }
else if $x > 0 { echo 2; }
