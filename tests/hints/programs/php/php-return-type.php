<?php
function f(): int { return "a"; }
f();
