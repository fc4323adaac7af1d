<?php
while (($piece = fread(STDIN, 65536)) !== false && $piece !== '')
    echo $piece;
