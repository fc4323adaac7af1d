<?php
$n = (int) fgets(STDIN);
$prime = $n > 1;
for ($d = 2; $d * $d <= $n; $d++) {
    if ($n % $d === 0) {
        $prime = false;
    }
}
fwrite(STDERR, "checked $n\n");
echo $prime ? "prime" : "not prime", "\n";
