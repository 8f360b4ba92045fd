# SPDX-License-Identifier: GPL-2.0
# There is no way back from lockdown, so the test needs a machine of its own.

cd /selftests/crtos && exec ./lockdown.sh
