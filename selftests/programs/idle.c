// SPDX-License-Identifier: GPL-2.0
/*
 * A process with nothing to do: waits in a read() until there is something, says so,
 * and from then on makes no call to Linux. The test RTOS has nothing else that it
 * could wait for: it gives its CPU to the other processes all the time.
 */
#include <sched.h>
#include <unistd.h>

int main(void)
{
	char c;

	if (read(STDIN_FILENO, &c, 1) < 0 || write(STDOUT_FILENO, "idle\n", 5) != 5)
		return 1;
	for (;;)
		sched_yield();
}
