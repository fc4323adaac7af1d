<?php
class Guest {
    public function __construct(public int $id) {}
    public function greet() { return "guest " . $this->id; }
}
function find(array $all, int $id) {
    foreach ($all as $g) {
        if ($g->id === $id) {
            return $g;
        }
    }
    return null;
}
$found = find([new Guest(1), new Guest(2)], (int) fgets(STDIN));
echo $found->greet(), "\n";
