/* SPDX-License-Identifier: Apache-2.0 */
/* contract.h: the cases of the store's contract, in groups; each list ends with a case without a name. Run by test_contract.c. */
#ifndef EVALX_TESTS_STORE_CONTRACT_H
#define EVALX_TESTS_STORE_CONTRACT_H

#include "fixture.h"

struct contract_case {
    const char *name;
    void (*run)(struct fixture *f); /* on a fresh store */
};

#define CASE(function)      \
    {                       \
#function, function \
    }

extern const struct contract_case queue_cases[], lease_cases[], watch_cases[], outbox_cases[];

#endif
