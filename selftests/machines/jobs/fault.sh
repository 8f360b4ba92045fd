# SPDX-License-Identifier: GPL-2.0
# Allocations and accesses to user memory that fail: needs debug.config.

cd /selftests/crtos && exec ./loopback_fault
