<?php
$hoard = [];
while (true)
    $hoard[] = str_repeat(chr(count($hoard) % 256), 1 << 20);
