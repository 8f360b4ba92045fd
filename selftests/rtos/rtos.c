// SPDX-License-Identifier: GPL-2.0
/* The test RTOS: runs what Linux attaches. */
#include "process.h"

void rtos_main(void)
{
	process_init();
	slot_ready();
	process_schedule();
}
