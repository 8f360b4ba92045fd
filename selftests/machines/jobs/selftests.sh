# SPDX-License-Identifier: GPL-2.0
# All selftests, as "make -C tools/testing/selftests install" put them here.
# crtos.tests=NAME,NAME...: only these.

cd /selftests || {
	echo "Bail out! no selftests in this guest"
	exit 1
}
IFS=,
for test in ${crtos_tests-}; do
	set -- "$@" -t "crtos:$test"
done
exec ./run_kselftest.sh "$@"
