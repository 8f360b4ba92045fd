# SPDX-License-Identifier: GPL-2.0
# A verdict that could not be better, and a kernel that panics: scripts/test looks if that
# fails.

echo "TAP version 13"
echo "1..1"
echo "ok 1 all is well"
echo "# job panic ended: 0"
echo c >/proc/sysrq-trigger
