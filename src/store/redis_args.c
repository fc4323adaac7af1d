/* SPDX-License-Identifier: Apache-2.0 */
/* redis_args.c: the arguments of one command, as lengths and bytes: nothing is ever put into a command by formatting. */
#include <inttypes.h>

#include "store/redis_store.h"

void redis_args_release(struct redis_args *args)
{
    free(args->items);
    *args = (struct redis_args){0};
}

static struct redis_arg *add(struct redis_args *args)
{
    if (args->count == args->room) {
        args->room = args->room ? 2 * args->room : 16;
        args->items = xrealloc(args->items, args->room * sizeof(*args->items));
    }
    struct redis_arg *arg = &args->items[args->count++];
    *arg = (struct redis_arg){0};
    return arg;
}

void redis_args_str(struct redis_args *args, struct str bytes)
{
    struct redis_arg *arg = add(args);
    arg->data = bytes.data ? bytes.data : "";
    arg->len = bytes.len;
}

void redis_args_text(struct redis_args *args, const char *text)
{
    redis_args_str(args, str_of(text));
}

void redis_args_int(struct redis_args *args, int64_t number)
{
    struct redis_arg *arg = add(args);
    arg->len = (size_t)snprintf(arg->number, sizeof(arg->number), "%" PRId64, number);
}
