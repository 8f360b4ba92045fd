# SPDX-License-Identifier: GPL-2.0
# What shows most with debug.config, which boots slowly: several jobs in one boot.

status=0
for job in kunit fault death; do
	sh "/jobs/$job.sh" || status=1
done
exit $status
