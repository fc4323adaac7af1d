<?php
echo strlen("a";
