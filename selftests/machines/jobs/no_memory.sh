# SPDX-License-Identifier: GPL-2.0
# The one test that is for a kernel without crtos_mem= on its command line.

cd /selftests/crtos || {
	echo "Bail out! no selftests in this guest"
	exit 1
}
exec ./no_memory.sh
