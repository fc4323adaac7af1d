#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# redis.sh [ARGUMENT OF redis-server …]; without one, /etc/redis/redis.conf.
# Starts Redis with one user, evalx, who may do what evalx needs and no more. REDIS_PASSWORD comes from the Secret evalx-redis; it is written to memory only.
set -eu
umask 077
case $REDIS_PASSWORD in
'' | *[!A-Za-z0-9._~-]*)
    echo "redis.sh: the password in the Secret evalx-redis must be letters, digits and . _ ~ -" >&2
    exit 1
    ;;
esac
users=${USERS_FILE:-/run/redis/users.acl}
{
    echo "user default off"
    echo "user evalx on >$REDIS_PASSWORD ~{evalx}* &{evalx}* +@all -@admin -@dangerous +info +config|get"
} >"$users"
unset REDIS_PASSWORD
[ $# -gt 0 ] || set -- /etc/redis/redis.conf
exec redis-server "$@"
