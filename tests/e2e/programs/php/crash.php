<?php
echo "before\n";
throw new RuntimeException('nobody catches me');
