<?php
class A { private $x = 1; }
echo (new A)->x;
