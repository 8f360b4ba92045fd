# SPDX-License-Identifier: GPL-2.0
# Death at random moments. crtos.deaths=N: how many of each kind; crtos.seed=N: when;
# crtos.many=N: how many processes the partition has when it is stopped.

cd /selftests/crtos && exec ./death
