<?php
sleep(100000);
