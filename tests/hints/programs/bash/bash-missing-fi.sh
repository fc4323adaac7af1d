#!/bin/bash
read n
if [ "$n" -lt 10 ]; then
    echo small
else
    echo large
