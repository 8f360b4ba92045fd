// SPDX-License-Identifier: GPL-2.0
/* The test RTOS: runs what Linux attaches. */
#include "process.h"

void rtos_main(void)
{
	process_init(elf_start);
	slot_ready();
	process_schedule();
}

void rtos_other_cpu(void)
{
	process_schedule();
}
