<?php
class A { function go() {} }
(new A)->run();
