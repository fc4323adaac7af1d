<?php
class A { function f() { return $this->x; } }
A::f();
