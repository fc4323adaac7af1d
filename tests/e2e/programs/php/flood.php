<?php
while (true)
    echo "all work and no play makes jack a dull boy\n";
