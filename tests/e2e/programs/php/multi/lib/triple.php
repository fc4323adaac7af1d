<?php
function triple(int $x): int
{
    return 3 * $x;
}
