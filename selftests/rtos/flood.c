// SPDX-License-Identifier: GPL-2.0
/*
 * Floods Linux with doorbells on each of its CPUs as soon as they run, whatever
 * Linux wants, and never says that it is ready.
 */
#include "process.h"

static void __noreturn flood(void)
{
	struct crtos_upid *upid = &header->linux_upid;
	u64 control;

	for (;;) {
		xchg64(&upid->pir, ~0ULL);
		test_and_set_bit(&upid->control, 0);
		control = READ_ONCE(upid->control);
		apic_send(control >> CRTOS_UPID_NDST_SHIFT,
			  control >> CRTOS_UPID_NV_SHIFT & 0xff);
	}
}

void rtos_main(void)
{
	flood();
}

void rtos_other_cpu(void)
{
	flood();
}
