/* SPDX-License-Identifier: Apache-2.0 */
/* delivery.c: ids of deliveries ("msg_TOKEN_completed"; they hold no '.', which separates the parts of what is signed), releasing. */
#include "store/delivery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_words[STORE_DELIVERY_KIND_COUNT] = {
    [STORE_DELIVERY_STARTED] = "started",
    [STORE_DELIVERY_TEST] = "test",
    [STORE_DELIVERY_COMPLETED] = "completed",
};

_Static_assert(sizeof("msg_") + TOKEN_LEN + sizeof("_completed_999999") < STORE_DELIVERY_ID_SIZE, "ids fit");

void delivery_id_write(const struct delivery_key *key, char out[STORE_DELIVERY_ID_SIZE])
{
    int len = snprintf(out, STORE_DELIVERY_ID_SIZE, "msg_%s_%s", key->token, kind_words[key->kind]);
    if (key->kind == STORE_DELIVERY_TEST)
        snprintf(out + len, STORE_DELIVERY_ID_SIZE - (size_t)len, "_%u", MIN(key->index, DELIVERY_INDEX_MAX));
}

int delivery_id_read(const char *text, struct delivery_key *ret)
{
    size_t len = strnlen(text, STORE_DELIVERY_ID_SIZE), prefix = strlen("msg_");
    if (len <= prefix + TOKEN_LEN || len == STORE_DELIVERY_ID_SIZE || !token_valid(text + prefix, TOKEN_LEN))
        return -EINVAL;
    struct delivery_key key = {.kind = STORE_DELIVERY_KIND_COUNT};
    memcpy(key.token, text + prefix, TOKEN_LEN);
    const char *word = text + prefix + TOKEN_LEN + 1;
    for (unsigned kind = 0; kind < STORE_DELIVERY_KIND_COUNT; kind++)
        if (!strncmp(word, kind_words[kind], strlen(kind_words[kind])))
            key.kind = (enum store_delivery_kind)kind;
    if (key.kind == STORE_DELIVERY_TEST)
        key.index = (unsigned)MIN(strtoul(word + strcspn(word, "0123456789"), NULL, 10), DELIVERY_INDEX_MAX);
    char again[STORE_DELIVERY_ID_SIZE] = ""; /* the check of everything that was not looked at above */
    if (key.kind < STORE_DELIVERY_KIND_COUNT)
        delivery_id_write(&key, again);
    if (strcmp(again, text) != 0)
        return -EINVAL;
    *ret = key;
    return 0;
}

void store_delivery_state_release(struct store_delivery_state *state)
{
    free(state->last_error);
    *state = (struct store_delivery_state){0};
}

void store_delivery_release(struct store_delivery *delivery)
{
    free(delivery->url);
    buf_release(&delivery->data);
    buf_release(&delivery->body);
    *delivery = (struct store_delivery){0};
}

void store_owed_release(struct store_owed *owed)
{
    free(owed->url);
    store_delivery_state_release(&owed->state);
    *owed = (struct store_owed){0};
}
