<?php
require __DIR__ . '/lib/triple.php';
fscanf(STDIN, "%d", $x);
echo triple($x), "\n";
