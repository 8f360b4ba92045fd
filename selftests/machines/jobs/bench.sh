# SPDX-License-Identifier: GPL-2.0
# What a system call costs, for scripts/bench.

cd /selftests/crtos && exec ./bench.sh
