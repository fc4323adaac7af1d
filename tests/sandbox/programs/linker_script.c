INPUT(/etc/shadow)
OUTPUT(/box/work/out/main)
SECTIONS { .text : { *(.text) } }
