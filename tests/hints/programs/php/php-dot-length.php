<?php
$s = "abc";
echo $s.length;
