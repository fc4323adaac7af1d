<?php
echo strlen(str_repeat("a", 1 << 46)), "\n";
