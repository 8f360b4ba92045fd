# SPDX-License-Identifier: GPL-2.0
# All selftests, as "make -C tools/testing/selftests install" put them here.

cd /selftests || {
	echo "Bail out! no selftests in this guest"
	exit 1
}
exec ./run_kselftest.sh
