<?php
echo mb_strlen("äöü"), " ", bcadd("1", "99999999999999999999"), " ", gmp_strval(gmp_pow(2, 70)), "\n";
