<?php
// Through every door PHP has to a file.
foreach (['/etc/shadow', 'file:///etc/shadow', 'php://filter/resource=/etc/shadow', '/proc/1/environ', 'glob:///root/*', 'http://169.254.169.254/', 'ftp://127.0.0.1/'] as $path) {
    if (@file_get_contents($path) !== false) echo "ESCAPED $path\n";
}
foreach (['/root', '/home', '/work', '/var/lib', '/proc/1'] as $path) {
    if (@scandir($path) !== false) echo "ESCAPED $path\n";
}
if (@symlink('/etc/shadow', 'link') && @file_get_contents('link') !== false) echo "ESCAPED by a link\n";
echo "done\n";
