<?php
echo "hello;
