# SPDX-License-Identifier: GPL-2.0
# The selftest that wants a kernel without memory for an RTOS.

cd /selftests/crtos && exec ./no_memory.sh
