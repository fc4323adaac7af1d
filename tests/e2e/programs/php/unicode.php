<?php
echo "Grüße 日本 🎉 ", fgets(STDIN);
