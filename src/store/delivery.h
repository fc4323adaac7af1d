/* SPDX-License-Identifier: Apache-2.0 */
/* delivery.h: the ids of deliveries, made and read in one place for every backend. Only src/store includes this. */
#ifndef EVALX_STORE_DELIVERY_H
#define EVALX_STORE_DELIVERY_H

#include "store/outbox.h"

/* What an id says. */
struct delivery_key {
    char token[TOKEN_LEN + 1];
    enum store_delivery_kind kind;
    unsigned index; /* 0 but for TEST */
};

enum { DELIVERY_INDEX_MAX = 999999 };

void delivery_id_write(const struct delivery_key *key, char out[STORE_DELIVERY_ID_SIZE]);

/* 0, or -EINVAL when text is not exactly what delivery_id_write makes. */
int delivery_id_read(const char *text, struct delivery_key *ret);

#endif
