<?php
if (1) { echo 1; } elif (2) { echo 2; }
