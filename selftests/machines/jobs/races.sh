# SPDX-License-Identifier: GPL-2.0
# The selftest that is too long to run with the others. crtos.posts=N: how many
# requests it makes.

cd /selftests/crtos && exec ./races.sh "${crtos_posts:-10000}"
