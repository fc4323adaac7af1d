/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interact.h: one interactive test case: program and interactor in two boxes, what the one writes the other reads. Private to worker/.
 */
#ifndef EVALX_WORKER_INTERACT_H
#define EVALX_WORKER_INTERACT_H

#include "worker/judge.h"

/* What one slot works with. */
struct lane {
    struct box *box;
    struct box *companion; /* for interactors; NULL: there is none */
    unsigned cpu;          /* both run on this one when they interact */
};

struct interaction {
    struct box_report program, interactor;
    struct limits interactor_limits;
    bool interactor_first; /* it ended, otherwise than with 0, before the program did */
};

/*
 * spec is the program's, all but its streams and processor. 0 and a filled *ret (release both reports), -ECANCELED: box_cancel of either
 * box; other -errno: the engine failed.
 */
int interact_run(const struct judge *judge, const struct lane *lane, const struct box_spec *spec,
                 const struct test_case *given, struct interaction *ret);

/*
 * Who broke the protocol first? *test has what became of the program alone. Its verdict stands when it ended first, and not with 0;
 * otherwise the interactor decides, and also when the program was killed by SIGPIPE, because that comes of the interactor's end.
 */
void interact_conclude(const struct judge *judge, const struct interaction *interaction, struct test_result *test);

#endif
