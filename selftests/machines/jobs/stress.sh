# SPDX-License-Identifier: GPL-2.0
# stress-ng beside programs on the RTOS. crtos.seconds=N: for how long.

cd /selftests/crtos && exec ./stress.sh
